/// Decides which of two PostgreSQL servers is the primary, whether commits wait for the other one, and when that one takes
/// over. A value without I/O and without a clock: `PostgresPair` tells it what it saw and does what it answers.
///
/// The rule that loses nothing is the one of Patroni's synchronous mode: a standby may be promoted only while commits have
/// been waiting for it without a break since it was seen to have everything. Whoever lets commits go on alone gives that up
/// first.
package struct FailoverMachine: Sendable {
    package typealias Instant = ContinuousClock.Instant

    package enum Synchrony: Sendable, Equatable {
        /// Commits don't wait for the standby: it may lack some, and must not be promoted.
        case alone
        /// Commits are made to wait. What was committed before the barrier may still be missing; `nil` until it is drawn.
        case joining(barrier: UInt64?)
        /// Every acknowledged commit is on the standby's disk.
        case inSync
    }

    /// What a look at the primary showed.
    package enum Sight: Sendable, Equatable {
        case silence
        /// - Parameters:
        ///   - waits: whether commits wait for a standby.
        ///   - standby: `nil` when it is not there, or catches up.
        case answer(waits: Bool, standby: Standby?)
    }

    package struct Standby: Sendable, Equatable {
        /// Whether it is the one that commits wait for.
        package var synchronous: Bool
        /// The position in the primary's log up to which it has written to disk.
        package var flushed: UInt64

        package init(synchronous: Bool, flushed: UInt64) {
            self.synchronous = synchronous
            self.flushed = flushed
        }
    }

    package enum Action: Sendable, Equatable {
        case nothing
        case makeCommitsWait
        case letCommitsGo
        /// Make sure that commits do wait by now, and report the primary's position after that by `drew`.
        case drawBarrier
        /// Make sure that the primary is dead, promote the standby, and report by `failedOver`.
        case failOver
        /// The standby runs and does not follow: make it anew from a copy of the primary.
        case copyAnew
    }

    /// How long a primary may stay silent, after the first look that had no answer, before it is replaced.
    package static let silence = Duration.seconds(2)
    /// How long commits wait for a standby that went away.
    package static let absence = Duration.seconds(2)
    /// How long a standby may take to follow before it is made anew.
    package static let uselessness = Duration.seconds(30)

    /// 0 or 1.
    package private(set) var primary: Int
    package private(set) var synchrony = Synchrony.alone
    private var silentSince: Instant?
    private var absentSince: Instant?

    package init(primary: Int) {
        self.primary = primary
    }

    package var standby: Int { 1 - primary }

    package mutating func look(_ sight: Sight, at now: Instant) -> Action {
        switch sight {
        case .silence:
            absentSince = nil
            let since = silentSince ?? now
            silentSince = since
            return mayFailOver && now - since >= Self.silence ? .failOver : .nothing
        case .answer(let waits, nil):
            silentSince = nil
            return standbyIsAway(waits, at: now)
        case .answer(let waits, let standby?):
            silentSince = nil
            absentSince = nil
            return standbyFollows(waits, standby)
        }
    }

    private mutating func standbyIsAway(_ waits: Bool, at now: Instant) -> Action {
        let since = absentSince ?? now
        absentSince = since
        if now - since >= Self.absence { synchrony = .alone }
        if synchrony == .alone && waits { return .letCommitsGo }
        guard now - since >= Self.uselessness else { return .nothing }
        absentSince = now
        return .copyAnew
    }

    private mutating func standbyFollows(_ waits: Bool, _ standby: Standby) -> Action {
        guard waits else {
            synchrony = .joining(barrier: nil)
            return .makeCommitsWait
        }
        switch synchrony {
        case .alone: synchrony = .joining(barrier: nil)
        case .joining(nil) where standby.synchronous: return .drawBarrier
        case .joining(let barrier?) where standby.synchronous && standby.flushed >= barrier: synchrony = .inSync
        case .joining, .inSync: break
        }
        return .nothing
    }

    /// Commits wait for the standby by now, and the primary stood at `position` after that was sure.
    package mutating func drew(barrier position: UInt64) {
        if synchrony == .joining(barrier: nil) { synchrony = .joining(barrier: position) }
    }

    /// Whether the standby has everything that was acknowledged. When the primary has died it decides what follows: the
    /// standby takes over, or the primary must come back itself.
    package var mayFailOver: Bool { synchrony == .inSync }

    /// The standby was promoted.
    package mutating func failedOver() {
        self = FailoverMachine(primary: standby)
    }
}
