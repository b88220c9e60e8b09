import Commands

extension BatchWrite {
    /// What puts events that were decided already into another log: the events as they are, and the projection they give.
    ///
    /// Pure. What the snapshot has already is left out, so that it may run again; so is what doesn't follow without a gap.
    package init(replaying events: some Sequence<Event>, onto snapshot: PartitionSnapshot) {
        self.init(
            events: [], projection: [], deadLetters: [], applied: [:], sequence: snapshot.sequence, tree: snapshot.tree,
            lastAppliedAt: snapshot.lastAppliedAt, outcomes: [])
        var rows: [Key: StoredValue] = [:]
        for event in events where event.sequence == sequence + 1 {
            self.events.append(event)
            sequence = event.sequence
            tree.append(leafHash: event.leafHash)
            lastAppliedAt = event.appliedAt
            if let dot = event.dot, dot.n > max(applied[dot.origin] ?? 0, snapshot.applied[dot.origin] ?? 0) {
                applied[dot.origin] = dot.n
            }
            if let row = StoredValue(after: event, before: rows[event.key]?.state ?? snapshot.keys[event.key]) {
                rows[event.key] = row
            }
        }
        projection = rows.map { ($0.key, $0.value) }
    }
}
