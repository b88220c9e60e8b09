package import Commands
package import EventLog
import Foundation

/// Events that were decided already, on their way into another log.
package struct EventFold: Sendable {
    private let events: [Event]

    /// - Parameter events: consecutive, of one partition.
    package init(_ events: [Event]) { self.events = events }

    /// - Throws: ``Divergence`` when an event is not what its leaf says, or comes without its value.
    package static func check(_ event: Event) throws(Divergence) {
        if event.leafHash != event.computedLeafHash {
            throw Divergence(
                partition: event.partition, sequence: event.sequence, table: .events, fields: ["leaf_hash"],
                key: event.key.text, detail: "the event is not what its leaf says; `tidemark audit verify` tells more")
        }
        if event.isArchived {
            throw Divergence(
                partition: event.partition, sequence: event.sequence, table: .events, fields: ["value"],
                key: event.key.text, detail: "the value was archived meanwhile: run the same command again")
        }
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
