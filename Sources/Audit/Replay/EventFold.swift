package import Commands
package import EventLog
import Foundation

/// Events that were decided already become the write that puts them into another log: what the projector does after its
/// judgement, once more.
package struct EventFold: Sendable {
    private let events: [Event]

    /// - Parameter events: consecutive, of one partition.
    /// - Throws: ``Divergence`` when an event is not what its leaf says.
    package init(_ events: [Event]) throws(Divergence) {
        for event in events where event.leafHash != event.computedLeafHash {
            throw Divergence(
                partition: event.partition, sequence: event.sequence, table: .events, fields: ["leaf_hash"],
                key: event.key.text, detail: "the event is not what its leaf says; `tidemark audit verify` tells more")
        }
        for event in events where event.isArchived {
            throw Divergence(
                partition: event.partition, sequence: event.sequence, table: .events, fields: ["value"],
                key: event.key.text, detail: "the value was archived meanwhile: run the same command again")
        }
        self.events = events
    }

    package var read: BatchRead {
        BatchRead(
            partition: events.first?.partition ?? Partition(0), epoch: 0, keys: Array(Set(events.map(\.key))),
            origins: Array(Set(events.compactMap { $0.dot?.origin })), commandIDs: [])
    }

    /// Leaves out what the snapshot has already.
    @Sendable package func decide(_ snapshot: PartitionSnapshot) -> BatchDecision {
        var write = BatchWrite(
            events: events.filter { $0.sequence > snapshot.sequence }, projection: [], deadLetters: [], applied: [:],
            sequence: snapshot.sequence, tree: snapshot.tree, lastAppliedAt: snapshot.lastAppliedAt, outcomes: [])
        var rows: [Key: StoredValue] = [:]
        for event in write.events {
            write.sequence = event.sequence
            write.lastAppliedAt = event.appliedAt
            write.tree.append(leafHash: event.leafHash)
            if let dot = event.dot, dot.n > max(write.applied[dot.origin] ?? 0, snapshot.applied[dot.origin] ?? 0) {
                write.applied[dot.origin] = dot.n
            }
            if let row = StoredValue(after: event, before: rows[event.key]?.state ?? snapshot.keys[event.key]) {
                rows[event.key] = row
            }
        }
        write.projection = rows.map { ($0.key, $0.value) }
        return .write(write)
    }
}
