package import Commands
package import Foundation

/// Where events come from, in order: the log's table, and whatever holds what is there no more.
package protocol EventSource: Sendable {
    /// Folds the events of a partition, from `after` (exclusive) to `through`, in order of sequence. `step` runs on a thread
    /// that may block.
    ///
    /// - Parameter values: whether values are wanted; without, the column is NULL.
    func fold<State: Sendable>(
        _ partition: Partition, after: UInt64, through: UInt64, values: Bool, into state: State,
        _ step: @escaping @Sendable (inout State, EventRow) throws -> Void
    ) async throws -> State
}

/// The log with its projection, as one snapshot shows them.
package protocol SnapshotSource: EventSource {
    /// Reads where the partitions stand, then folds the projection's rows of the same moment, in no order.
    ///
    /// - Parameters:
    ///   - newerThan: rows of this version or an older one are left out; 0 leaves none out.
    ///   - heads: called once, before the first row; also with partitions that the cluster hasn't, if the log has events of
    ///     them.
    func foldProjection<State: Sendable>(
        newerThan: UInt64, into state: State, heads: @escaping @Sendable ([PartitionHead]) -> Void,
        _ step: @escaping @Sendable (inout State, ProjectionRow) throws -> Void
    ) async throws -> State

    /// Where the partitions stand.
    func heads() async throws -> [PartitionHead]

    /// The last sequence applied at or before a time; 0 for none.
    func sequence(of partition: Partition, at time: Timestamp) async throws -> UInt64
}

/// A partition's row, with what else can be compared with it.
package struct PartitionHead: Sendable {
    package var partition: Partition
    package var sequence: UInt64
    /// As it stands in the row, well-formed or not.
    package var tree: Data
    package var lastAppliedAt: Timestamp
    /// The highest that an event has; 0 without events.
    package var lastEvent: UInt64
    package var origins: [Origin: UInt64]

    package init(
        partition: Partition, sequence: UInt64, tree: Data, lastAppliedAt: Timestamp, lastEvent: UInt64,
        origins: [Origin: UInt64]
    ) {
        self.partition = partition
        self.sequence = sequence
        self.tree = tree
        self.lastAppliedAt = lastAppliedAt
        self.lastEvent = lastEvent
        self.origins = origins
    }
}
