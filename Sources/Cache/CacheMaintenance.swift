import Commands

/// Decides how a partition's owner keeps Redis in step with the log. A value without I/O: `CacheMaintainer` tells it what happened
/// and does what it answers.
struct CacheMaintenance: Sendable {
    enum State: Sendable, Equatable {
        /// Redis stands somewhere else, or nobody knows where. Commits are only noted until a repair has caught up.
        case detached
        /// Redis stands at this position, which is the newest commit, or an answer that will say so is awaited.
        case following(CachePosition)
        /// A newer owner exists. Final.
        case fenced
    }

    enum Commit: Sendable, Equatable {
        case advance(from: CachePosition, to: CachePosition, origins: CacheOrigins)
        /// Nothing to send: covered already, or left to the repair.
        case none
    }

    enum Repair: Sendable, Equatable {
        /// The log's position isn't known yet: read the vector in the database and call `learned`.
        case readLog
        /// Invalidate what changed after `from`, up to `to`.
        case replay(from: CachePosition, to: CachePosition, origins: CacheOrigins, revision: UInt64)
        /// Drop all entries by a new incarnation.
        case drop(at: CachePosition, applied: [Origin: UInt64], revision: UInt64)
        case fenced
    }

    private(set) var state = State.detached
    private let epoch: UInt64
    private var generation: Int64
    private var newest: UInt64?
    /// Counts what was noted, so that a repair can tell whether it has missed something.
    private var revision: UInt64 = 0
    private var origins: ActiveOrigins

    init(epoch: UInt64, generation: Int64, originLimit: Int) {
        self.epoch = epoch
        self.generation = generation
        origins = ActiveOrigins(limit: originLimit)
    }

    /// What the incarnations of the generation's entries begin with.
    private var incarnationPrefix: String { "g\(generation)-" }

    /// The partition serves this generation of the projection: entries of an earlier one are to go.
    ///
    /// - Returns: whether that is news.
    mutating func serve(generation: Int64) -> Bool {
        guard generation > self.generation else { return false }
        self.generation = generation
        // A repair that is under way would end with the old incarnation.
        revision += 1
        if case .following = state { state = .detached }
        return true
    }

    /// The partition's vector in the database, as it was read at some time since the take-over.
    mutating func learned(_ vector: VersionVector) {
        newest = max(newest ?? 0, vector.sequence)
        _ = origins.note(vector.applied)
        revision += 1
    }

    /// A transaction took the partition from sequence `from` to `to`.
    mutating func committed(from: UInt64, to: UInt64, applied: [Origin: UInt64]) -> Commit {
        let known = newest
        newest = max(known ?? 0, to)
        revision += 1
        let forgot = origins.note(applied)
        guard case .following(let position) = state else { return .none }
        // Seen already when the vector was read from the database after this commit.
        if to <= position.sequence && from < to { return .none }
        guard from == position.sequence else {
            state = .detached
            return .none
        }
        var target = position
        target.sequence = to
        return .advance(
            from: position, to: target, origins: forgot ? .replacing(origins.applied) : .merging(applied))
    }

    /// Redis' answer to `advance` or to a heartbeat at `position`; `nil` when none came.
    mutating func answered(_ answer: CacheAdvance?, from position: CachePosition, to target: CachePosition) {
        if answer == .fenced { state = .fenced }
        // An answer that is late tells of a position that was left since.
        guard state == .following(position) else { return }
        state = answer == .done ? .following(target) : .detached
    }

    /// The next step of a repair.
    ///
    /// - Parameters:
    ///   - position: where Redis says that it stands.
    ///   - tooLong: the keys that changed since can't be listed.
    ///   - incarnation: a random text, used when the entries are dropped.
    func repair(from position: CachePosition?, tooLong: Bool, incarnation: String) -> Repair {
        guard let newest else { return .readLog }
        if let position {
            if position.epoch > epoch { return .fenced }
            if !tooLong && position.sequence <= newest && position.incarnation.hasPrefix(incarnationPrefix) {
                let target = CachePosition(epoch: epoch, incarnation: position.incarnation, sequence: newest)
                return .replay(from: position, to: target, origins: .replacing(origins.applied), revision: revision)
            }
        }
        let target = CachePosition(epoch: epoch, incarnation: incarnationPrefix + incarnation, sequence: newest)
        return .drop(at: target, applied: origins.applied, revision: revision)
    }

    /// Redis stands at `target` now, as it was decided at `revision`.
    ///
    /// - Returns: whether the repair is complete: nothing was committed meanwhile. The caller must not have suspended since
    ///   Redis' answer came.
    mutating func repaired(at target: CachePosition, revision: UInt64) -> Bool {
        guard state == .detached, revision == self.revision, newest == target.sequence else { return false }
        state = .following(target)
        return true
    }

    mutating func fence() { state = .fenced }
}
