package import EventLog

/// The roots of some subtrees, from the leaves as they come, in memory that grows with the logarithm of their number.
package struct SubtreeRoots: Sendable {
    private let ranges: [Range<UInt64>]
    private var trees: [MerkleFrontier]
    /// The ranges in order of their leaves; the first is the one at work.
    private var order: ArraySlice<Int>
    private var position: UInt64 = 0
    private var whole = MerkleFrontier()

    /// - Parameter ranges: of leaves, counted from 0; disjoint.
    package init(_ ranges: [Range<UInt64>]) {
        self.ranges = ranges
        trees = Array(repeating: MerkleFrontier(), count: ranges.count)
        order = ranges.indices.sorted { ranges[$0].lowerBound < ranges[$1].lowerBound }[...]
    }

    package mutating func add(_ leaf: MerkleHash) {
        whole.append(leaf)
        if let first = order.first, ranges[first].contains(position) {
            trees[first].append(leaf)
            if position + 1 == ranges[first].upperBound { order.removeFirst() }
        }
        position += 1
    }

    /// In the order of the ranges; `nil` when leaves are missing.
    package var roots: [MerkleHash]? {
        order.isEmpty ? trees.map { MerkleHash($0.root)! } : nil
    }

    /// Of all the leaves so far.
    package var tree: MerkleFrontier { whole }
}
