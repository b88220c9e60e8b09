package import Commands

/// A dead letter and what was decided about it.
package struct DeadLetterRecord: Sendable, Equatable {
    /// The raw values are what the table keeps.
    package enum State: String, Sendable {
        /// Waits for a decision.
        case dead
        /// The partition's owner applies it next.
        case retry
        /// Will never be applied.
        case dropped
    }

    package var partition: Partition
    package var command: CommandID
    package var key: Key
    package var reason: String
    package var diedAt: Timestamp
    /// Where the partition stood.
    package var sequence: UInt64
    package var state: State
    package var decidedAt: Timestamp?
    package var decidedBy: String?
    package var decision: String?

    package var isHeld: Bool { reason == DeadLetter.heldBehind }
}

extension DeadLetter {
    /// The reason of a command that could be applied, but for another one of its key that was set aside before it.
    package static let heldBehind = "held-behind"
}
