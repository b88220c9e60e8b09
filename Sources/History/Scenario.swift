/// What a process was doing when it made a call; each works on keys of its own.
package enum Scenario: String, Sendable, CaseIterable, Codable {
    /// Puts, deletes and reads of single values.
    case register
    /// Writes under a precondition.
    case compareAndSet = "compare-and-set"
    /// A list a key, grown by read, append, write if unchanged.
    case list
    /// One token carried across gateways.
    case session
    /// Writes that are answered as soon as they are durable, some of them sent twice.
    case asynchronous
}
