/// One of the cluster's partitions, 0 ..< P. All commands of a key go through one partition, in order.
package struct Partition: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let number: Int

    package init(_ number: Int) { self.number = number }

    package static func < (a: Partition, b: Partition) -> Bool { a.number < b.number }
    package var description: String { String(number) }
}

/// Maps keys to partitions. P never changes in the life of a cluster.
package struct Partitioner: Sendable, Equatable {
    package static let allowedCounts = 1...1_024
    package let count: Int

    package init(count: Int) {
        precondition(Self.allowedCounts.contains(count), "partitions: 1 to 1,024, not \(count)")
        self.count = count
    }

    package var partitions: [Partition] { (0..<count).map(Partition.init) }

    package func partition(of key: Key) -> Partition {
        Partition(Int(fnv1a64(hashInput(key.text.utf8)) % UInt64(count)))
    }

    /// The key, or its hash tag: what stands between the first `{` and the next `}`, when that is not empty, as in
    /// Redis Cluster.
    private func hashInput(_ key: String.UTF8View) -> Substring.UTF8View {
        if let open = key.firstIndex(of: UInt8(ascii: "{")) {
            let tag = key[key.index(after: open)...]
            if let close = tag.firstIndex(of: UInt8(ascii: "}")), close != tag.startIndex {
                return tag[..<close]
            }
        }
        return key[...]
    }
}

/// FNV-1a, 64 bits (Fowler, Noll, Vo; draft-eastlake-fnv).
package func fnv1a64(_ bytes: some Sequence<UInt8>) -> UInt64 {
    bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
}
