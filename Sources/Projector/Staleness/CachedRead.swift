/// What an eventual read through the cache was worth.
package enum CachedRead: String, Sendable, CaseIterable {
    /// Nothing was there: a gateway would have asked the database.
    case uncached
    /// Redis did not answer, or has no heartbeat of the partition: nobody knows what is there.
    case failed
    /// As new as the log was when it was looked at before, or newer.
    case fresh
    /// Older than what the log had had for longer than promised.
    case stale
    /// Of a version that the log has, with another value.
    case wrong
}
