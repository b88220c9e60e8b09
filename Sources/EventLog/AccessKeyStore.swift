package import Access
package import Commands

/// Where access keys are kept.
package protocol AccessKeyStore: Sendable {
    /// - Throws: `EventLogError`: `rejectedStatement` when there is a key with this id.
    func create(_ key: AccessKey) async throws(EventLogError)

    /// Those that are not revoked; expired ones are among them.
    func unrevoked() async throws(EventLogError) -> [AccessKey]

    /// All that ever were, by creation.
    func all() async throws(EventLogError) -> [AccessKey]

    /// - Returns: the key as it is now; `nil` when there is none. A key that was revoked before keeps that time.
    func revoke(_ id: String, at time: Timestamp) async throws(EventLogError) -> AccessKey?
}
