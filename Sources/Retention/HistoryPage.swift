import Commands
import EventLog
import Foundation

/// Consecutive events of a partition, as they go into an empty log: the events as they are, and the projection they give.
struct HistoryPage: Sendable {
    var events: [Event]

    /// Pure. Events that the log has already are left out, so that it may run again.
    func write(onto snapshot: PartitionSnapshot) -> BatchWrite {
        var write = BatchWrite(
            events: [], projection: [], deadLetters: [], applied: [:], sequence: snapshot.sequence, tree: snapshot.tree,
            lastAppliedAt: snapshot.lastAppliedAt, outcomes: [])
        var states: [Key: StoredValue] = [:]
        for event in events where event.sequence == write.sequence + 1 {
            write.events.append(event)
            write.sequence = event.sequence
            write.tree.append(leafHash: event.leafHash)
            write.lastAppliedAt = event.appliedAt
            if let dot = event.dot { write.applied[dot.origin] = max(write.applied[dot.origin] ?? 0, dot.n) }
            guard event.kind.changesState else { continue }
            let created = states[event.key]?.state.createdVersion ?? snapshot.keys[event.key]?.createdVersion
            states[event.key] = StoredValue(event, created: created ?? event.sequence)
        }
        write.projection = states.map { (key: $0.key, value: $0.value) }
        return write
    }
}

extension StoredValue {
    /// What the event leaves its key in.
    ///
    /// - Parameter created: where the life before it began, or the event itself when there was none.
    fileprivate init(_ event: Event, created: UInt64) {
        let isPut = event.kind == .put
        self.init(
            state: KeyState(
                version: event.sequence,
                createdVersion: isPut && event.previousVersion == nil ? event.sequence : created, deleted: !isPut,
                expiresAt: isPut ? event.expiresAt : nil),
            content: isPut
                ? event.content ?? Content(value: Data(), type: event.contentType ?? Content.defaultType)
                : Content(value: Data(), type: Content.defaultType),
            modifiedAt: event.appliedAt)
    }
}
