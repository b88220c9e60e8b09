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
            let before = states[event.key]?.state ?? snapshot.keys[event.key]
            if let value = StoredValue(after: event, before: before) { states[event.key] = value }
        }
        write.projection = states.map { (key: $0.key, value: $0.value) }
        return write
    }
}
