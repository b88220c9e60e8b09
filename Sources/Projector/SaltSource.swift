import Crypto
package import Foundation

/// Random bytes for the values' commitments, a batch's worth at once.
package struct SaltSource: Sendable {
    package let bytes: @Sendable (Int) -> Data

    package init(_ bytes: @escaping @Sendable (Int) -> Data) { self.bytes = bytes }

    /// The cryptographic library's generator. (`SystemRandomNumberGenerator` would make a system call for every eight bytes.)
    package static let random = SaltSource { count in
        guard count > 0 else { return Data() }
        return SymmetricKey(size: SymmetricKeySize(bitCount: count * 8)).withUnsafeBytes { Data($0) }
    }
}
