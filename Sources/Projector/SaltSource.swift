package import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// Random bytes for the values' commitments, a batch's worth at once.
package struct SaltSource: Sendable {
    package let bytes: @Sendable (Int) -> Data

    package init(_ bytes: @escaping @Sendable (Int) -> Data) { self.bytes = bytes }

    /// The operating system's generator: one system call a batch.
    package static let system = SaltSource { count in
        var data = Data(count: count)
        data.withUnsafeMutableBytes { buffer in
            #if canImport(Glibc)
                var filled = 0
                while filled < count {
                    let got = getrandom(buffer.baseAddress! + filled, count - filled, 0)
                    precondition(got > 0 || errno == EINTR, "getrandom: errno \(errno)")
                    filled += max(0, got)
                }
            #else
                arc4random_buf(buffer.baseAddress!, count)
            #endif
        }
        return data
    }
}
