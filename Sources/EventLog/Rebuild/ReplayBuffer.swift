import Commands

/// Folds a partition's events, in order, into the last states of their keys. A value without I/O.
///
/// It keeps the states of the keys it has met, and the whole rows of those that changed since they were last taken. Whoever uses it
/// takes them when they have grown large, and tells it the states of keys that it does not know.
struct ReplayBuffer {
    private struct Entry {
        /// `nil` when the key has no row.
        var state: KeyState?
        /// Where in `changed` its row stands, if it was put there in this round.
        var index = 0
        var round = -1
    }

    private var entries: [Key: Entry] = [:]
    private var round = 0
    private let keyLimit: Int
    struct Change {
        let key: Key
        /// Whether the key has no row yet.
        let isNew: Bool
        var value: StoredValue
    }

    /// The rows that changed, each key once.
    private(set) var changed: [Change] = []
    /// What they take in memory, about.
    private(set) var changedBytes = 0
    /// Whether a key that is not in here has no row.
    private(set) var knowsAll: Bool

    /// - Parameters:
    ///   - knowsAll: whether the projection is empty.
    ///   - keyLimit: how many keys' states are kept at most between two rounds.
    init(knowsAll: Bool, keyLimit: Int = 250_000) {
        self.knowsAll = knowsAll
        self.keyLimit = keyLimit
    }

    /// Makes room for the keys of so many events: a dictionary that grows costs more than all the looks into it.
    mutating func expect(events: Int) { entries.reserveCapacity(min(events, keyLimit)) }

    /// Of these, the keys whose state must be told before their events are folded; each once.
    func unknown(_ events: [ReplayedEvent]) -> [Key] {
        if knowsAll { return [] }
        return Array(Set(events.lazy.filter(\.kind.changesState).map(\.key).filter { entries[$0] == nil }))
    }

    mutating func learn(_ keys: [Key], states: [Key: KeyState]) {
        for key in keys { entries[key] = Entry(state: states[key]) }
    }

    mutating func fold(_ event: ReplayedEvent) {
        guard event.kind.changesState else { return }
        let next = changed.count
        var value: StoredValue?
        var isNew = false
        // One look into the dictionary: this is where a rebuild's time goes.
        let index = Self.place(&entries[event.key, default: Entry()], in: round, next) { before in
            value = StoredValue(
                event.kind, sequence: event.sequence, content: event.content, expiresAt: event.expiresAt,
                appliedAt: event.appliedAt, before: before)
            isNew = before == nil
            return value?.state
        }
        guard let value else { return }
        changedBytes += value.content.value.count
        if index == next {
            changedBytes += event.key.text.utf8.count + 128
            changed.append(Change(key: event.key, isNew: isNew, value: value))
        } else {
            changedBytes -= changed[index].value.content.value.count
            changed[index].value = value
        }
    }

    /// - Returns: where the key's row stands among the changed ones.
    private static func place(
        _ entry: inout Entry, in round: Int, _ next: Int, _ change: (KeyState?) -> KeyState?
    ) -> Int {
        entry.state = change(entry.state)
        if entry.round != round { (entry.round, entry.index) = (round, next) }
        return entry.index
    }

    /// Where in `changed` the rows stand whose keys are new, or were there, in the order of the keys' bytes: neighbours in the
    /// database's index one after the other.
    func ordered(new: Bool) -> [Int] {
        // The rows lie all over the memory: few are looked at again to compare them.
        changed.indices.lazy.filter { changed[$0].isNew == new }.map { (prefix: changed[$0].key.prefix, index: $0) }
            .sorted { a, b in
                a.prefix == b.prefix ? changed[a.index].key < changed[b.index].key : a.prefix < b.prefix
            }
            .map(\.index)
    }

    /// The changed rows are in the database.
    mutating func written() {
        changed.removeAll(keepingCapacity: true)
        changedBytes = 0
        round += 1
        if entries.count > keyLimit {
            entries.removeAll(keepingCapacity: true)
            knowsAll = false
        }
    }
}

extension Key {
    /// The first sixteen bytes, as a number that is in their order.
    fileprivate var prefix: UInt128 {
        var prefix: UInt128 = 0
        withUnsafeMutableBytes(of: &prefix) { bytes in
            for (index, byte) in text.utf8.prefix(bytes.count).enumerated() { bytes[index] = byte }
        }
        return prefix.bigEndian
    }
}
