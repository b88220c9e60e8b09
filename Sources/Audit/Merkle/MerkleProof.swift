package import EventLog

/// Inclusion and consistency proofs of RFC 9162, §2.1.3 and §2.1.4: which subtrees they consist of, and how they are checked.
package enum MerkleProof {
    /// The subtrees, as ranges of leaves counted from 0, whose roots prove that leaf `index` is in a tree of `size` leaves:
    /// PATH of §2.1.3.1.
    package static func inclusion(of index: UInt64, in size: UInt64) -> [Range<UInt64>] {
        precondition(index < size, "the leaf is in the tree")
        var ranges: [Range<UInt64>] = []
        var tree = 0..<size
        while tree.count > 1 {
            let middle = tree.lowerBound + largestPower(below: self.size(tree))
            if index < middle {
                ranges.append(middle..<tree.upperBound)
                tree = tree.lowerBound..<middle
            } else {
                ranges.append(tree.lowerBound..<middle)
                tree = middle..<tree.upperBound
            }
        }
        return ranges.reversed()
    }

    /// The subtrees whose roots prove that the first `old` leaves of a tree of `size` are those of the tree of `old`:
    /// PROOF of §2.1.4.1.
    package static func consistency(from old: UInt64, to size: UInt64) -> [Range<UInt64>] {
        precondition(old <= size, "trees only grow")
        if old == 0 || old == size { return [] }
        var ranges: [Range<UInt64>] = []
        var tree = 0..<size
        var isWhole = true
        while old < tree.upperBound {
            let middle = tree.lowerBound + largestPower(below: self.size(tree))
            if old <= middle {
                ranges.append(middle..<tree.upperBound)
                tree = tree.lowerBound..<middle
            } else {
                ranges.append(tree.lowerBound..<middle)
                tree = middle..<tree.upperBound
                isWhole = false
            }
        }
        if !isWhole { ranges.append(tree) }
        return ranges.reversed()
    }

    /// §2.1.3.2
    package static func includes(
        _ leaf: MerkleHash, at index: UInt64, in head: TreeHead, proof: [MerkleHash]
    ) -> Bool {
        guard index < head.size else { return false }
        var (node, last) = (index, head.size - 1)
        var root = leaf
        for hash in proof {
            if last == 0 { return false }
            if node & 1 == 1 || node == last {
                root = .node(hash, root)
                while node & 1 == 0 && node != 0 {
                    node >>= 1
                    last >>= 1
                }
            } else {
                root = .node(root, hash)
            }
            node >>= 1
            last >>= 1
        }
        return last == 0 && root == head.root
    }

    /// §2.1.4.2
    package static func isConsistent(_ old: TreeHead, with new: TreeHead, proof: [MerkleHash]) -> Bool {
        if old.size > new.size { return false }
        if old.size == new.size { return proof.isEmpty && old.root == new.root }
        // Every tree begins with the empty one.
        if old.size == 0 { return proof.isEmpty }
        var rest = proof[...]
        if old.size.nonzeroBitCount == 1 { rest = [old.root] + rest }
        guard let first = rest.popFirst() else { return false }
        var (node, last) = (old.size - 1, new.size - 1)
        while node & 1 == 1 {
            node >>= 1
            last >>= 1
        }
        var (before, after) = (first, first)
        for hash in rest {
            if last == 0 { return false }
            if node & 1 == 1 || node == last {
                before = .node(hash, before)
                after = .node(hash, after)
                while node & 1 == 0 && node != 0 {
                    node >>= 1
                    last >>= 1
                }
            } else {
                after = .node(after, hash)
            }
            node >>= 1
            last >>= 1
        }
        return last == 0 && before == old.root && after == new.root
    }

    private static func size(_ tree: Range<UInt64>) -> UInt64 { tree.upperBound - tree.lowerBound }

    /// The largest power of two less than `size`, which is at least 2.
    private static func largestPower(below size: UInt64) -> UInt64 { 1 << UInt64(63 - (size - 1).leadingZeroBitCount) }
}
