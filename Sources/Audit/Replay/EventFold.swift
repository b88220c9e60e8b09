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
            if let row = Self.row(after: event, rows[event.key]?.state ?? snapshot.keys[event.key]) {
                rows[event.key] = row
            }
        }
        write.projection = rows.map { ($0.key, $0.value) }
        return .write(write)
    }

    private static func row(after event: Event, _ state: KeyState?) -> StoredValue? {
        let isPut = event.kind == .put
        if !event.kind.changesState { return nil }
        let lives = state.map { !$0.deleted } ?? false
        let created = isPut && !(lives && event.previousVersion != nil) ? nil : state?.createdVersion
        return StoredValue(
            state: KeyState(
                version: event.sequence, createdVersion: created ?? event.sequence, deleted: !isPut,
                expiresAt: isPut ? event.expiresAt : nil),
            content: isPut
                ? Content(value: event.content?.value ?? Data(), type: event.contentType ?? Content.defaultType)
                : Content(value: Data()),
            modifiedAt: event.appliedAt)
    }
}
