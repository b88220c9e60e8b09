package import Commands

/// The cache as a partition's owner keeps it: a second projection of the log, with its own position.
///
/// Of each partition Redis holds a vector (epoch of the owner, incarnation, sequence, origin → n) that says how far the
/// invalidations have come, and a heartbeat that expires unless it is renewed. The incarnation stands in the names of the
/// partition's entries, so that a new one drops them all at once.
///
/// Each call that changes something is one script. A call that ended in `CacheError.unavailable` may still be carried out, even much
/// later; because every script compares what Redis holds with what the caller believes, that does no harm.
package protocol CacheProjection: Sendable {
    /// Where the partition stands in Redis; `nil` when Redis knows nothing of it.
    func position(of partition: Partition) async throws(CacheError) -> CachePosition?

    /// Deletes the keys' entries and leases, moves the vector from `position` to `target` and renews the heartbeat, if Redis
    /// stands at `position`. `target` has the same incarnation; its epoch is newer when a new owner takes over.
    ///
    /// If Redis stands elsewhere, the entries are deleted and the heartbeat dropped, so that nobody uses the rest of them
    /// until they are repaired. An owner of an older epoch than Redis has seen changes nothing.
    func advance(
        _ partition: Partition, from position: CachePosition, to target: CachePosition, origins: CacheOrigins,
        changed: [Key]
    ) async throws(CacheError) -> CacheAdvance

    /// Renews the heartbeat if Redis stands at `position`; drops it if Redis stands elsewhere.
    func renew(_ partition: Partition, at position: CachePosition) async throws(CacheError) -> CacheAdvance

    /// Sets the whole vector to `position`, whose incarnation is new, and renews the heartbeat, unless Redis has a newer
    /// epoch. This drops the partition's entries.
    func establish(
        _ partition: Partition, at position: CachePosition, applied: [Origin: UInt64]
    ) async throws(CacheError) -> CacheAdvance
}

package struct CachePosition: Sendable, Equatable {
    package var epoch: UInt64
    /// Begins with the projection's generation.
    package var incarnation: String
    package var sequence: UInt64

    package init(epoch: UInt64, incarnation: String, sequence: UInt64) {
        self.epoch = epoch
        self.incarnation = incarnation
        self.sequence = sequence
    }
}

/// What a script does to the origins in the vector.
package enum CacheOrigins: Sendable, Equatable {
    /// Sets these, and leaves the others.
    case merging([Origin: UInt64])
    /// Sets these, and forgets the others.
    case replacing([Origin: UInt64])
}

package enum CacheAdvance: Sendable, Equatable {
    case done
    /// Redis stands elsewhere: it went back, lost its data, or has never known the partition.
    case elsewhere(CachePosition?)
    /// Redis has seen an owner of a newer epoch.
    case fenced
}
