/// What a call came to, as far as its process knows.
package enum Answer: Sendable, Equatable {
    /// A read's.
    case value(String, version: UInt64)
    /// A read's: the key has no value.
    case absent
    /// `202`: durable, and will become one event.
    case accepted(command: String?)
    /// The write was applied before the answer came. Some answers name no command, and deleting what is absent has no version.
    case applied(Effect, version: UInt64?, command: String?)
    /// `412`: the precondition did not hold; with the version that the key had, if it had a value.
    case rejected(current: UInt64?, command: String?)
    /// Nothing was done, and nothing of it may ever be seen.
    case refused(problem: String)
    /// Nobody knows: it may have happened, happen later, or never; at most once.
    case unknown(problem: String, command: String?)

    package enum Effect: String, Sendable, Codable {
        case created, replaced
        /// There was a value.
        case deleted
        /// A delete that found none.
        case nothingToDelete = "nothing-to-delete"
    }
}
