package import Commands

/// The cache as a partition's owner keeps it: a second projection of the log, with its own position.
///
/// Of each partition Redis holds a vector (epoch of the owner, incarnation, sequence, origin → n) that says how far the
/// invalidations have come, and a heartbeat that expires unless it is renewed. The incarnation stands in the names of the
/// partition's entries, so that a new one drops them all at once.
package protocol CacheProjection: Sendable {
    /// Where the partition stands in Redis; `nil` when Redis knows nothing of it.
    func position(of partition: Partition) async throws(CacheError) -> CachePosition?

    /// One script: deletes the keys' entries and leases, advances the vector from `position` to `sequence` and renews the heartbeat,
    /// if Redis stands where `position` says. If it does not, the entries are deleted and nothing else changes.
    func advance(
        _ partition: Partition, from position: CachePosition, to sequence: UInt64, applied: [Origin: UInt64], changed: [Key]
    ) async throws(CacheError) -> CacheAdvance

    /// Renews the heartbeat if Redis stands at `position`.
    func renew(_ partition: Partition, at position: CachePosition) async throws(CacheError) -> CacheAdvance

    /// Sets the vector to `position`, unless Redis has a newer epoch, and renews the heartbeat. With a new incarnation this drops the
    /// partition's entries.
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

package enum CacheAdvance: Sendable, Equatable {
    case done
    /// Redis stands elsewhere: it went back, lost its data, or has never known the partition.
    case elsewhere(CachePosition?)
    /// Redis has seen an owner of a newer epoch.
    case fenced
}
