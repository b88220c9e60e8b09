package import Commands

/// The cache as gateways use it. It is never the truth: every failure here is answered from the database.
package protocol ReadCache: Sendable {
    /// One Redis command: the partition's heartbeat and the key's entry.
    func lookUp(_ key: Key, in partition: Partition) async throws(CacheError) -> CacheLookup

    /// One round trip, the vector first and then the entry, so that the entry is at least as new as the vector.
    ///
    /// - Parameter origins: whose n the vector shall contain.
    /// - Returns: no vector when Redis has none for the partition.
    func lookUp(
        _ key: Key, in partition: Partition, origins: [Origin]
    ) async throws(CacheError) -> (vector: VersionVector?, lookup: CacheLookup)

    /// After a miss: the right to fill the entry, for a few seconds.
    func takeLease(on slot: CacheSlot) async throws(CacheError) -> CacheLeaseGrant

    /// Stores the entry if the lease still stands. An entry that expires goes with its expiry.
    ///
    /// - Returns: whether it was stored. `false` means that the key was invalidated, or the lease evicted, since.
    func fill(_ lease: CacheLease, with entry: CacheEntry) async throws(CacheError) -> Bool
}

package enum CacheLookup: Sendable {
    case hit(CacheEntry)
    /// Nothing there, or a lease of somebody else's, or an entry that can't be decoded.
    case miss(CacheSlot)
    /// The partition has no heartbeat: its entries may neither be used nor filled.
    case unusable
}

/// Where a key's entry belongs: the Redis key, which contains the partition's incarnation.
package struct CacheSlot: Hashable, Sendable {
    package let name: String

    package init(name: String) { self.name = name }
}

package struct CacheLease: Sendable {
    package let slot: CacheSlot
    package let token: String

    package init(slot: CacheSlot, token: String) {
        self.slot = slot
        self.token = token
    }
}

package enum CacheLeaseGrant: Sendable {
    case granted(CacheLease)
    /// Someone filled it meanwhile.
    case filled(CacheEntry)
    /// Someone else holds the lease: read the database, and don't fill.
    case held
}
