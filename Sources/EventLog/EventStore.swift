package import Commands

/// The log and its projection as the partition's owner writes them.
package protocol EventStore: Sendable {
    /// Reads what a batch depends on, lets `decide` judge, and writes what it decided, in one SERIALIZABLE transaction
    /// that holds the partition. Serialization failures run it again (`decide` too), a bounded number of times.
    ///
    /// - Parameter decide: pure; may be called several times, on the connection's thread.
    /// - Returns: what was written and committed.
    /// - Throws: `EventLogError`: `fenced` when the partition has a newer epoch, `outcomeUnknown` when the commit's answer was
    ///   lost, `duplicateCommand` when the log has a command that `read` didn't ask for, `unavailable`, `rejectedStatement`
    ///   when the database refuses the content itself.
    func transact(
        _ read: BatchRead, decide: @escaping @Sendable (PartitionSnapshot) -> BatchDecision
    ) async throws(EventLogError) -> BatchWrite

    /// A partition's sequence and the whole of its version vector.
    func vector(of partition: Partition) async throws(EventLogError) -> VersionVector

    /// Keys changed by events after `sequence`, up to `through`, each once; at most `limit` events are looked at, `nil` when
    /// there are more.
    func keysChanged(
        in partition: Partition, after sequence: UInt64, through: UInt64, limit: Int
    ) async throws(EventLogError) -> [Key]?

    /// Removes rows of the version vector whose origin has had nothing applied since `time`; at most `limit`, the oldest
    /// first.
    ///
    /// - Returns: the origins removed.
    func forgetOrigins(
        in partition: Partition, silentSince time: Timestamp, limit: Int
    ) async throws(EventLogError) -> [Origin]

    /// Keys of the partition whose value is past its expiry at `time` and not marked yet, the oldest first.
    func keysAwaitingExpiry(
        in partition: Partition, at time: Timestamp, limit: Int
    ) async throws(EventLogError) -> [Key]

    /// Takes the oldest of the partition's dead letters that is to be applied, because somebody asked for it or because it was
    /// only held. The owner then either applies it (`BatchWrite.revived`) or returns it; until then it is taken again.
    func claimDeadLetter(in partition: Partition) async throws(EventLogError) -> DeadLetter?

    /// It failed again: somebody has to decide anew.
    func returnDeadLetter(_ id: CommandID, in partition: Partition, reason: String) async throws(EventLogError)
}

/// Which rows the first round trip of a batch's transaction fetches.
package struct BatchRead: Sendable {
    package var partition: Partition
    /// The fencing epoch that the caller owns the partition under.
    package var epoch: UInt64
    /// Distinct.
    package var keys: [Key]
    package var origins: [Origin]
    /// Distinct. The commands to look up in the log: redeliveries and those with an `Idempotency-Key`.
    package var commandIDs: [CommandID]
    /// Whether to tell which of the keys have a dead letter that is not settled.
    package var quarantine: Bool

    package init(
        partition: Partition, epoch: UInt64, keys: [Key], origins: [Origin], commandIDs: [CommandID],
        quarantine: Bool = false
    ) {
        self.partition = partition
        self.epoch = epoch
        self.keys = keys
        self.origins = origins
        self.commandIDs = commandIDs
        self.quarantine = quarantine
    }
}

/// The state a batch is folded into.
package struct PartitionSnapshot: Sendable {
    package var partition: Partition
    package var sequence: UInt64
    package var tree: MerkleFrontier
    package var lastAppliedAt: Timestamp
    /// Only the origins that were asked for and have applied something.
    package var applied: [Origin: UInt64]
    /// Only keys that have a row.
    package var keys: [Key: KeyState]
    /// Of the commands asked for, those that are in the log or among the dead letters.
    package var recorded: [CommandID: RecordedCommand]
    /// The commands asked for, by `BatchRead.commandIDs` and by `BatchDecision.lookUp`.
    package var lookedUp: Set<CommandID>
    /// Keys whose commands are held behind a dead letter.
    package var quarantined: Set<Key>

    package init(
        partition: Partition, sequence: UInt64, tree: MerkleFrontier, lastAppliedAt: Timestamp,
        applied: [Origin: UInt64], keys: [Key: KeyState], recorded: [CommandID: RecordedCommand],
        lookedUp: Set<CommandID>, quarantined: Set<Key> = []
    ) {
        self.partition = partition
        self.sequence = sequence
        self.tree = tree
        self.lastAppliedAt = lastAppliedAt
        self.applied = applied
        self.keys = keys
        self.recorded = recorded
        self.lookedUp = lookedUp
        self.quarantined = quarantined
    }
}

/// A command that has ended already.
package struct RecordedCommand: Sendable, Equatable {
    package var outcome: Outcome
    package var fingerprint: Fingerprint?
    /// The dot it was recorded under: a redelivery has the same, a reused `Idempotency-Key` another.
    package var dot: Dot?

    package init(outcome: Outcome, fingerprint: Fingerprint?, dot: Dot?) {
        self.outcome = outcome
        self.fingerprint = fingerprint
        self.dot = dot
    }
}

package enum BatchDecision: Sendable {
    case write(BatchWrite)
    /// The snapshot doesn't tell enough: begin again and look these commands up too.
    case lookUp([CommandID])
}

/// What the second round trip writes.
package struct BatchWrite: Sendable {
    /// Consecutive, after the snapshot's sequence.
    package var events: [Event]
    /// One row a key: the last state the batch leaves it in.
    package var projection: [(key: Key, value: StoredValue)]
    package var deadLetters: [DeadLetter]
    /// Commands that were dead letters and are events now.
    package var revived: [CommandID]
    /// Destroyed after everything else is written: of this batch's events, too.
    package var erasures: [ErasedVersions]
    /// Origins whose n advanced.
    package var applied: [Origin: UInt64]
    package var sequence: UInt64
    package var tree: MerkleFrontier
    package var lastAppliedAt: Timestamp
    /// What to tell the senders, in the order of the batch; not written.
    package var outcomes: [Outcome]

    package init(
        events: [Event], projection: [(key: Key, value: StoredValue)], deadLetters: [DeadLetter],
        revived: [CommandID] = [], erasures: [ErasedVersions] = [], applied: [Origin: UInt64], sequence: UInt64,
        tree: MerkleFrontier, lastAppliedAt: Timestamp, outcomes: [Outcome]
    ) {
        self.events = events
        self.projection = projection
        self.deadLetters = deadLetters
        self.revived = revived
        self.erasures = erasures
        self.applied = applied
        self.sequence = sequence
        self.tree = tree
        self.lastAppliedAt = lastAppliedAt
        self.outcomes = outcomes
    }

    package var isEmpty: Bool { events.isEmpty && deadLetters.isEmpty && applied.isEmpty }
}

/// A command that fails by itself every time, kept with its cause.
package struct DeadLetter: Sendable, Equatable {
    package var command: Command
    package var partition: Partition
    package var dot: Dot
    package var reason: String
    package var diedAt: Timestamp

    package init(command: Command, partition: Partition, dot: Dot, reason: String, diedAt: Timestamp) {
        self.command = command
        self.partition = partition
        self.dot = dot
        self.reason = reason
        self.diedAt = diedAt
    }
}
