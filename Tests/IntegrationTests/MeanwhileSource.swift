import Commands
import EventLog

/// Something happens after the snapshot was taken, and before the first event of partition 0 is read.
struct MeanwhileSource: SnapshotSource {
    let source: PostgresSnapshotSource
    let meanwhile: @Sendable () async throws -> Void

    func fold<State: Sendable>(
        _ partition: Partition, after: UInt64, through: UInt64, values: Bool, into state: State,
        _ step: @escaping @Sendable (inout State, EventRow) throws -> Void
    ) async throws -> State {
        if partition == Partition(0), after == 0 { try await meanwhile() }
        return try await source.fold(partition, after: after, through: through, values: values, into: state, step)
    }

    func foldProjection<State: Sendable>(
        newerThan: UInt64, into state: State, heads: @escaping @Sendable ([PartitionHead]) -> Void,
        _ step: @escaping @Sendable (inout State, ProjectionRow) throws -> Void
    ) async throws -> State {
        try await source.foldProjection(newerThan: newerThan, into: state, heads: heads, step)
    }

    func heads() async throws -> [PartitionHead] { try await source.heads() }

    func sequence(of partition: Partition, at time: Timestamp) async throws -> UInt64 {
        try await source.sequence(of: partition, at: time)
    }
}
