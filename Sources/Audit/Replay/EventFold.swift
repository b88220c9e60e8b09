package import Commands
package import EventLog
import Foundation

/// Events that were decided already, on their way into another log: each is what its leaf says.
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

    @Sendable package func decide(_ snapshot: PartitionSnapshot) -> BatchDecision {
        .write(BatchWrite(replaying: events, onto: snapshot))
    }
}
