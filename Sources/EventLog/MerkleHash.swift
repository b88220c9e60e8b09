import Crypto
package import Foundation

/// A hash of RFC 9162 §2.1: 32 bytes in place, so that hashing a tree allocates nothing.
package struct MerkleHash: Sendable, Hashable {
    private var words: SIMD4<UInt64>

    package init(_ bytes: UnsafeRawBufferPointer, at offset: Int = 0) {
        words = bytes.loadUnaligned(fromByteOffset: offset, as: SIMD4<UInt64>.self)
    }

    /// - Returns: `nil` unless `data` has 32 bytes.
    package init?(_ data: Data) {
        guard data.count == MerkleFrontier.hashByteCount else { return nil }
        self = data.withUnsafeBytes { MerkleHash($0) }
    }

    package var data: Data { withUnsafeBytes(of: words) { Data($0) } }

    /// SHA-256(0x00 ‖ data)
    package static func leaf(_ bytes: UnsafeRawBufferPointer) -> MerkleHash {
        var hash = SHA256()
        withUnsafeBytes(of: UInt8(0x00)) { hash.update(bufferPointer: $0) }
        hash.update(bufferPointer: bytes)
        return hash.finalize().withUnsafeBytes { MerkleHash($0) }
    }

    /// SHA-256(0x01 ‖ left ‖ right)
    package static func node(_ left: MerkleHash, _ right: MerkleHash) -> MerkleHash {
        var hash = SHA256()
        withUnsafeBytes(of: UInt8(0x01)) { hash.update(bufferPointer: $0) }
        withUnsafeBytes(of: left.words) { hash.update(bufferPointer: $0) }
        withUnsafeBytes(of: right.words) { hash.update(bufferPointer: $0) }
        return hash.finalize().withUnsafeBytes { MerkleHash($0) }
    }
}
