import Crypto
package import Foundation

/// The right edge of an append-only Merkle tree: all that is needed to append to it and to know its root.
///
/// Hashing is RFC 9162 §2.1: a leaf is SHA-256(0x00 ‖ data), a node SHA-256(0x01 ‖ left ‖ right). The edge holds the root
/// of one perfect subtree for each bit that is set in the size, the largest first.
package struct MerkleFrontier: Sendable, Equatable {
    package static let hashByteCount = 32

    package private(set) var size: UInt64 = 0
    private var edge: [MerkleHash] = []

    package init() {}

    /// - Returns: `nil` unless `encoded` holds exactly one hash for each bit set in `size`.
    package init?(size: UInt64, encoded: Data) {
        guard encoded.count == size.nonzeroBitCount * Self.hashByteCount else { return nil }
        self.size = size
        edge = encoded.withUnsafeBytes { bytes in
            stride(from: 0, to: bytes.count, by: Self.hashByteCount).map { MerkleHash(bytes, at: $0) }
        }
    }

    /// The edge's hashes, the largest subtree first.
    package var encoded: Data { edge.withUnsafeBytes { Data($0) } }

    package mutating func append(leafHash: Data) {
        precondition(leafHash.count == Self.hashByteCount)
        append(leafHash.withUnsafeBytes { MerkleHash($0, at: 0) })
    }

    package mutating func append(_ leaf: MerkleHash) {
        var hash = leaf
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

    /// The perfect subtrees at the edge, the largest first, with the leaves that each covers (counted from 0).
    package var subtrees: [(leaves: Range<UInt64>, root: MerkleHash)] {
        var start: UInt64 = 0
        var rest = size
        return edge.map { root in
            let count = UInt64(1) << UInt64(63 - rest.leadingZeroBitCount)
            defer {
                start += count
                rest -= count
            }
            return (start..<start + count, root)
        }
    }

    package static func leaf(_ data: Data) -> Data { data.withUnsafeBytes { leaf($0) } }

    package static func leaf(_ bytes: UnsafeRawBufferPointer) -> Data { MerkleHash.leaf(bytes).data }

    package static func node(_ left: Data, _ right: Data) -> Data {
        precondition(left.count == hashByteCount && right.count == hashByteCount)
        return MerkleHash.node(MerkleHash(left)!, MerkleHash(right)!).data
    }
}
