package import EventLog

/// The root of a partition's tree at a size.
package struct TreeHead: Sendable, Equatable {
    package var size: UInt64
    package var root: MerkleHash

    package init(size: UInt64, root: MerkleHash) {
        self.size = size
        self.root = root
    }
}
