import Crypto
package import Foundation

/// The right edge of an append-only Merkle tree: all that is needed to append to it and to know its root.
///
/// Hashing is RFC 9162 §2.1: a leaf is SHA-256(0x00 ‖ data), a node SHA-256(0x01 ‖ left ‖ right). The edge holds the root
/// of one perfect subtree for each bit that is set in the size, the largest first.
package struct MerkleFrontier: Sendable, Equatable {
    package static let hashByteCount = 32

    package private(set) var size: UInt64 = 0
    private var edge: [Data] = []

    package init() {}

    /// - Returns: `nil` unless `encoded` holds exactly one hash for each bit set in `size`.
    package init?(size: UInt64, encoded: Data) {
        guard encoded.count == size.nonzeroBitCount * Self.hashByteCount else { return nil }
        self.size = size
        let bytes = Data(encoded)
        edge = stride(from: 0, to: bytes.count, by: Self.hashByteCount).map {
            Data(bytes[(bytes.startIndex + $0)..<(bytes.startIndex + $0 + Self.hashByteCount)])
        }
    }

    /// The edge's hashes, the largest subtree first.
    package var encoded: Data { edge.reduce(into: Data()) { $0.append($1) } }

    package mutating func append(leafHash: Data) {
        precondition(leafHash.count == Self.hashByteCount)
        var hash = leafHash
        var rest = size
        while rest & 1 == 1 {
            hash = Self.node(edge.removeLast(), hash)
            rest >>= 1
        }
        edge.append(hash)
        size += 1
    }

    /// The tree's root hash; of an empty tree, the hash of nothing.
    package var root: Data {
        guard var hash = edge.last else { return Data(SHA256.hash(data: Data())) }
        for left in edge.dropLast().reversed() { hash = Self.node(left, hash) }
        return hash
    }

    package static func leaf(_ data: Data) -> Data {
        var hash = SHA256()
        hash.update(data: [0x00])
        hash.update(data: data)
        return Data(hash.finalize())
    }

    package static func node(_ left: Data, _ right: Data) -> Data {
        var hash = SHA256()
        hash.update(data: [0x01])
        hash.update(data: left)
        hash.update(data: right)
        return Data(hash.finalize())
    }
}
