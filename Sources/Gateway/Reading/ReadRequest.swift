package import Cache
package import Commands

package enum Consistency: String, Sendable, CaseIterable {
    case eventual, session, applied, linearizable
}

package struct ReadRequest: Sendable {
    package var key: Key
    package var consistency: Consistency
    /// What the client has seen and written. Only the key's partition matters to the read.
    package var session: SessionToken?
    package var principal: String
    /// How long a `session` read may wait until the token's writes are applied.
    package var wait: Duration?

    package init(
        key: Key, consistency: Consistency, session: SessionToken?, principal: String, wait: Duration? = nil
    ) {
        self.key = key
        self.consistency = consistency
        self.session = session
        self.principal = principal
        self.wait = wait
    }
}

package struct ReadResult: Sendable {
    /// Deleted or never existed when `entry.state.deleted`.
    package var entry: CacheEntry
    package var partition: Partition
    package var source: ReadSource
    /// What the read proved applied of the key's partition; `nil` for an eventual read. Folds into the session token.
    package var vector: VersionVector?

    package init(entry: CacheEntry, partition: Partition, source: ReadSource, vector: VersionVector? = nil) {
        self.entry = entry
        self.partition = partition
        self.source = source
        self.vector = vector
    }
}

/// Where an answer came from, as `Cache-Status` (RFC 9211) tells it.
package enum ReadSource: Sendable, Equatable {
    /// `tidemark; hit`
    case cache
    /// `tidemark; fwd=miss; stored` (or without `stored`)
    case databaseAfterMiss(stored: Bool)
    /// `tidemark; fwd=bypass`
    case database
}
