import Glibc
import NIOCore
import Synchronization

/// Where the log goes: line by line, however many threads write.
enum StandardError {
    private static let turn = Mutex(())

    /// What can't be written is lost: there is nobody left to tell.
    static func write(_ line: ByteBuffer) {
        line.withUnsafeReadableBytes { bytes in
            turn.withLock { _ in
                var rest = bytes[...]
                while !rest.isEmpty {
                    let count = Glibc.write(
                        STDERR_FILENO, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                    guard count > 0 || errno == EINTR else { return }
                    rest = rest.dropFirst(max(0, count))
                }
            }
        }
    }
}
