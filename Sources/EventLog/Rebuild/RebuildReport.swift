package import Commands

/// What a rebuild came to.
package struct RebuildReport: Sendable {
    package struct PartitionDigest: Sendable {
        package var partition: Partition
        /// Where both generations were digested.
        package var sequence: UInt64
        /// Of the rebuilt generation.
        package var digest: ProjectionDigest
        package var live: ProjectionDigest
    }

    /// The one that was built.
    package var generation: Int64
    package var partitions: [PartitionDigest] = []
    /// One for each partition that has some.
    package var differences: [RebuildDifference] = []
    /// Whether the new generation is served.
    package var isSwapped = false
    /// Folded in this run.
    package var events = 0
    package var seconds = 0.0
}
