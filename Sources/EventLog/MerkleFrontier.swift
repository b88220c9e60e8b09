import Crypto
package import Foundation

/// The right edge of an append-only Merkle tree: all that is needed to append to it and to know its root.
///
/// Hashing is RFC 9162 §2.1: a leaf is SHA-256(0x00 ‖ data), a node SHA-256(0x01 ‖ left ‖ right). The edge holds the root
/// of one perfect subtree for each bit that is set in the size, the largest first.
package struct MerkleFrontier: Sendable, Equatable {
    package static let hashByteCount = 32

    package private(set) var size: UInt64 = 0
    private var edge: [Hash] = []

    package init() {}

    /// - Returns: `nil` unless `encoded` holds exactly one hash for each bit set in `size`.
    package init?(size: UInt64, encoded: Data) {
        guard encoded.count == size.nonzeroBitCount * Self.hashByteCount else { return nil }
        self.size = size
        edge = encoded.withUnsafeBytes { bytes in
            stride(from: 0, to: bytes.count, by: Self.hashByteCount).map { Hash(bytes, at: $0) }
        }
    }

    /// The edge's hashes, the largest subtree first.
    package var encoded: Data { edge.withUnsafeBytes { Data($0) } }

    package mutating func append(leafHash: Data) {
        precondition(leafHash.count == Self.hashByteCount)
        var hash = leafHash.withUnsafeBytes { Hash($0, at: 0) }
        var rest = size
        while rest & 1 == 1 {
            hash = .node(edge.removeLast(), hash)
            rest >>= 1
        }
        edge.append(hash)
        size += 1
    }

    /// The tree's root hash; of an empty tree, the hash of nothing.
    package var root: Data {
        guard var hash = edge.last else { return Data(SHA256.hash(data: Data())) }
        for left in edge.dropLast().reversed() { hash = .node(left, hash) }
        return hash.data
    }

    package static func leaf(_ data: Data) -> Data { data.withUnsafeBytes { leaf($0) } }

    package static func leaf(_ bytes: UnsafeRawBufferPointer) -> Data {
        var hash = SHA256()
        withUnsafeBytes(of: UInt8(0x00)) { hash.update(bufferPointer: $0) }
        hash.update(bufferPointer: bytes)
        return Data(hash.finalize())
    }

    package static func node(_ left: Data, _ right: Data) -> Data {
        precondition(left.count == hashByteCount && right.count == hashByteCount)
        return left.withUnsafeBytes { left in
            right.withUnsafeBytes { right in Hash.node(Hash(left, at: 0), Hash(right, at: 0)).data }
        }
    }
}

/// 32 bytes in place, so that appending to the edge allocates nothing.
private struct Hash: Sendable, Equatable {
    private var words: SIMD4<UInt64>

    init(_ bytes: UnsafeRawBufferPointer, at offset: Int) {
        words = bytes.loadUnaligned(fromByteOffset: offset, as: SIMD4<UInt64>.self)
    }

    var data: Data { withUnsafeBytes(of: words) { Data($0) } }

    static func node(_ left: Hash, _ right: Hash) -> Hash {
        var hash = SHA256()
        withUnsafeBytes(of: UInt8(0x01)) { hash.update(bufferPointer: $0) }
        withUnsafeBytes(of: left.words) { hash.update(bufferPointer: $0) }
        withUnsafeBytes(of: right.words) { hash.update(bufferPointer: $0) }
        return hash.finalize().withUnsafeBytes { Hash($0, at: 0) }
    }
}
