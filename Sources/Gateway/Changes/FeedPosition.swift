package import Commands

/// How far a change feed has come: of each partition the sequence up to which everything was given out.
package struct FeedPosition: Sendable, Equatable {
    /// In partition order, one for each.
    package private(set) var sequences: [UInt64]

    package init(_ sequences: [UInt64]) { self.sequences = sequences }

    /// Before the first event.
    package static func beginning(partitions: Int) -> FeedPosition {
        FeedPosition(Array(repeating: 0, count: partitions))
    }

    package subscript(partition: Partition) -> UInt64 { sequences[partition.number] }

    /// Never goes back.
    package mutating func advance(to sequence: UInt64, in partition: Partition) {
        sequences[partition.number] = max(sequences[partition.number], sequence)
    }
}
