package import Commands
package import EventLog

/// Brings another, otherwise idle log to where this one stood: events, trees and projection. What is there already is left
/// as it is, so that a copy that was interrupted goes on.
package struct LogCopy<Source: SnapshotSource, Target: SnapshotSource, Store: EventStore>: Sendable {
    private static var batch: UInt64 { 1_000 }

    private let source: Source
    private let target: Target
    private let store: Store

    package init(from source: Source, to target: Target, through store: Store) {
        self.source = source
        self.target = target
        self.store = store
    }

    /// What stands in the target is no beginning of the source.
    package struct OtherHistory: Error, Sendable {
        package var partition: Partition
        package var sequence: UInt64
    }

    /// - Parameter copied: called with how many events there are more.
    package func run(
        to positions: [LogPoint.Position], copied: @escaping @Sendable (UInt64) -> Void = { _ in }
    ) async throws {
        let heads = Dictionary(uniqueKeysWithValues: try await target.heads().map { ($0.partition, $0) })
        for position in positions {
            let head = heads[position.partition]
            var sequence = head?.sequence ?? 0
            guard sequence <= position.sequence, let head,
                try await tree(of: position.partition, at: sequence).encoded == head.tree
            else { throw OtherHistory(partition: position.partition, sequence: sequence) }
            copied(sequence)
            while sequence < position.sequence {
                let end = min(sequence + Self.batch, position.sequence)
                let events = try await source.fold(
                    position.partition, after: sequence, through: end, values: true, into: [Event]()
                ) { events, row in
                    if let event = row.event { events.append(event) }
                }
                guard events.count == Int(end - sequence) else {
                    throw Divergence(
                        partition: position.partition, sequence: sequence + 1, table: .events, fields: ["seq"],
                        detail: "there are \(events.count) of the next \(end - sequence) events")
                }
                let fold = try EventFold(events)
                _ = try await store.transact(fold.read, decide: fold.decide)
                copied(end - sequence)
                sequence = end
            }
        }
    }

    private func tree(of partition: Partition, at sequence: UInt64) async throws -> MerkleFrontier {
        try await source.fold(partition, after: 0, through: sequence, values: false, into: MerkleFrontier()) {
            $0.append($1.hash(.leafHash) ?? $1.computedLeaf)
        }
    }
}
