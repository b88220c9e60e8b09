package import Commands
package import EventLog

package struct VerificationOptions: Sendable {
    /// Threads, each with a connection.
    package var jobs = 2
    /// `nil` for all.
    package var partitions: Set<Partition>?
    /// What was signed before, and is not verified again: the tree's edge there.
    package var since: [Partition: MerkleFrontier] = [:]
    /// Signed roots that a verification from the beginning must pass.
    package var anchors: [Partition: TreeHead] = [:]
    /// Up to where the log's values may be in the archive, which has been verified by itself or is not at hand.
    package var archivedThrough: [Partition: UInt64] = [:]
    /// Bytes for the states of keys, all threads together. Beyond that they go through temporary files.
    package var memory = 256 << 20

    package init() {}
}
