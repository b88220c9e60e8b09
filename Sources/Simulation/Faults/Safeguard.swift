/// What keeps the store's promises, one by one. The mutation test takes one away from the simulated parts, and the invariants have
/// to notice.
package enum Safeguard: String, CaseIterable, Sendable {
    /// An invalidation deletes the leases on a key, too: a fill that began before it fails. Without: it deletes entries only.
    case readLeases = "read-leases"
    /// A fill stores only while its lease stands. Without: it always stores.
    case compareAndSetFill = "compare-and-set-fill"
    /// Invalidations and the vector that tells of them change in one step. Without: first the vector, then the rest.
    case atomicInvalidation = "atomic-invalidation"
    /// What Redis has missed is invalidated again from the log. Without: the log says that nothing changed.
    case repairFromLog = "repair-from-log"
    /// A transaction of an owner whose epoch is over fails. Without: it is let through.
    case epochFence = "epoch-fence"
    /// A command that comes again is found by its id. Without: nothing is found, and the unique index is gone.
    case exactCommandCheck = "exact-command-check"
    /// What was unconfirmed is sent again in its order. Without: the other way round.
    case retransmissionOrder = "retransmission-order"
    /// A delivery is acknowledged when its commands are applied. Without: when it is taken.
    case acknowledgeAfterCommit = "acknowledge-after-commit"
    /// A partition's heartbeat in Redis expires unless its owner renews it. Without: it stays.
    case heartbeatExpiry = "heartbeat-expiry"
    /// One consumer of a queue gets its messages at a time. Without: all that are there, in turn.
    case singleActiveConsumer = "single-active-consumer"
}
