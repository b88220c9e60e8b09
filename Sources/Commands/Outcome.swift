/// What became of one command.
package struct Outcome: Sendable, Equatable {
    package enum Result: Sendable, Equatable {
        /// The value was written; `created` when there was none before.
        case put(created: Bool)
        /// The value is gone; `existed` when there was one.
        case deleted(existed: Bool)
        case rejected(Rejection)
        /// Everything enqueued before the barrier is applied.
        case barrier
        /// Set aside: it fails by itself every time.
        case dead(reason: String)
    }

    package var command: CommandID
    package var partition: Partition
    /// The event's sequence, which is the key's new version if the command changed it. For a barrier and a dead
    /// command, the partition's sequence.
    package var sequence: UInt64
    package var result: Result

    package init(command: CommandID, partition: Partition, sequence: UInt64, result: Result) {
        self.command = command
        self.partition = partition
        self.sequence = sequence
        self.result = result
    }
}

/// Why a command ended as a `rejected` event. The raw value is what the log keeps.
package enum Rejection: Sendable, Equatable {
    /// The precondition did not hold; the version the key had, `nil` when it had no value.
    case preconditionFailed(current: UInt64?)
    /// Another request used this `Idempotency-Key` with other content.
    case idempotencyKeyReused
}
