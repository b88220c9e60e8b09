import Commands

/// The state of each key as the events leave it: the projection's rules once more, apart from the projector's.
struct KeyStates: Sendable {
    struct State: Sendable {
        var version: UInt64
        /// 0 when the events don't tell.
        var createdVersion: UInt64
        var expiresAt: Int64
        var content: RowDigest.Short
        var deleted: Bool

        func isLive(at time: Int64) -> Bool { !deleted && time < expiresAt }
    }

    /// A key is a keyed hash already.
    private struct Name: Hashable {
        var key: RowDigest.Short
        func hash(into hasher: inout Hasher) { hasher.combine(key.y) }
    }

    private var states: [Name: State] = [:]
    /// Versions whose value is gone, and no erasure has said so yet.
    private var unexplained: [Name: [UInt64]] = [:]
    /// Events up to it are not known.
    private let start: UInt64

    init(after start: UInt64) { self.start = start }

    mutating func removeAll() {
        states.removeAll(keepingCapacity: true)
        unexplained.removeAll()
    }

    /// - Returns: what `previous_version` should have been, where it is something else (0 for none).
    mutating func apply(_ step: KeyStep) -> UInt64? {
        let state = states[Name(key: step.key)]
        let wrong = expectation(state, step)
        switch step.kind {
        case .rejected: break
        case .erased: explain(step)
        case .put, .emptied:
            if step.kind == .emptied { unexplained[Name(key: step.key), default: []].append(step.sequence) }
            let created = step.previous == 0 ? step.sequence : state?.createdVersion ?? 0
            set(step, created: created, deleted: false)
        case .deleted, .expired:
            // Without a row it begins with its deletion, if nothing came before what is known.
            set(step, created: state?.createdVersion ?? (start == 0 ? step.sequence : 0), deleted: true)
        }
        return wrong
    }

    private mutating func set(_ step: KeyStep, created: UInt64, deleted: Bool) {
        states[Name(key: step.key)] = State(
            version: step.sequence, createdVersion: created, expiresAt: deleted ? .max : step.expiresAt,
            content: step.content, deleted: deleted)
    }

    /// An erasure tells why the values of its versions are gone.
    mutating func explain(_ step: KeyStep) {
        unexplained[Name(key: step.key)]?.removeAll { step.content.x <= $0 && $0 <= step.content.y }
    }

    /// The earliest version whose value is gone without an erasure.
    var firstUnexplained: UInt64? { unexplained.values.lazy.compactMap(\.first).min() }

    private func expectation(_ state: State?, _ step: KeyStep) -> UInt64? {
        guard let state else { return step.previous <= start ? nil : 0 }
        let expected: UInt64 =
            switch step.kind {
            case .expired: state.deleted ? 0 : state.version
            case .put, .emptied, .deleted, .rejected, .erased: state.isLive(at: step.appliedAt) ? state.version : 0
            }
        return step.previous == expected ? nil : expected
    }

    /// Of keys with a value at this time.
    func forEachLive(at time: Int64, _ body: (State) -> Void) {
        for state in states.values where state.isLive(at: time) { body(state) }
    }

    func add(to sums: inout ProjectionSums, _ digest: RowDigest) {
        for (name, state) in states {
            let created = knownCreation(
                state.createdVersion, version: state.version, deleted: state.deleted, after: start)
            sums.add(
                digest.row(
                    key: name.key, version: state.version, createdVersion: created, content: state.content),
                key: name.key)
        }
    }
}
