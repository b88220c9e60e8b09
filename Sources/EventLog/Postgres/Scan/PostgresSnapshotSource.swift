package import Commands
import Foundation
import Lanes

/// The log and the projection, streamed from the database. Each call has a thread and a connection of its own.
package struct PostgresSnapshotSource: SnapshotSource {
    /// Events in a statement: the server sorts at most so many if it has to, and no snapshot is held for long. Events never
    /// change, so that the statements of one partition need not share one.
    private static let stride = 8_192

    private let configuration: PostgresConfiguration

    package init(_ configuration: PostgresConfiguration) { self.configuration = configuration }

    package func fold<State: Sendable>(
        _ partition: Partition, after: UInt64, through: UInt64, values: Bool, into state: State,
        _ step: @escaping @Sendable (inout State, EventRow) throws -> Void
    ) async throws -> State {
        guard through > after else { return state }
        let through = min(through, UInt64(Int64.max))
        return try await scan { connection in
            var state = state
            var position = after
            var count = Self.stride
            while count == Self.stride && position < through {
                count = 0
                let statement = Statements.copyEvents(
                    of: partition.number, after: position, through: through, limit: Self.stride, values: values)
                try connection.copy(statement) { fields in
                    let row = EventRow(fields)
                    try step(&state, row)
                    position = row.sequence
                    count += 1
                }
            }
            return state
        }
    }

    package func foldProjection<State: Sendable>(
        newerThan: UInt64, into state: State, heads: @escaping @Sendable ([PartitionHead]) -> Void,
        _ step: @escaping @Sendable (inout State, ProjectionRow) throws -> Void
    ) async throws -> State {
        try await scan { connection in
            var state = state
            _ = try connection.run(Statements.beginSnapshot)
            heads(try Self.heads(connection) + Self.strays(connection))
            try connection.copy(Statements.copyProjection(newerThan: newerThan)) {
                try step(&state, ProjectionRow($0))
            }
            _ = try connection.run(Statements.commit)
            return state
        }
    }

    package func heads() async throws -> [PartitionHead] {
        try await scan { connection in
            _ = try connection.run(Statements.beginSnapshot)
            defer { _ = try? connection.run(Statements.commit) }
            return try Self.heads(connection)
        }
    }

    package func sequence(of partition: Partition, at time: Timestamp) async throws -> UInt64 {
        try await scan { connection in
            let result = try connection.run(Statements.lastSequence(of: partition.number, at: time.rfc3339))
            return result.rowCount == 0 ? 0 : UInt64(bitPattern: result.int8(0, 0))
        }
    }

    private static func heads(_ connection: ScanConnection) throws -> [PartitionHead] {
        let origins = try connection.run(Statements.allOrigins)
        var applied: [Int64: [Origin: UInt64]] = [:]
        for row in 0..<origins.rowCount {
            applied[origins.int8(row, 0), default: [:]][Origin(bitPattern: origins.int8(row, 1))] = UInt64(
                bitPattern: origins.int8(row, 2))
        }
        let partitions = try connection.run(Statements.partitionHeads)
        return (0..<partitions.rowCount).map { row in
            let number = partitions.int8(row, 0)
            return PartitionHead(
                partition: Partition(Int(number)), sequence: UInt64(bitPattern: partitions.int8(row, 1)),
                tree: partitions.data(row, 2), lastAppliedAt: partitions.timestamp(row, 3),
                lastEvent: UInt64(bitPattern: partitions.int8(row, 4)), origins: applied[number] ?? [:])
        }
    }

    /// Partitions that the cluster hasn't, and the log has events of.
    private static func strays(_ connection: ScanConnection) throws -> [PartitionHead] {
        let strays = try connection.run(Statements.strayPartitions)
        return (0..<strays.rowCount).map { row in
            PartitionHead(
                partition: Partition(Int(strays.int8(row, 0))), sequence: 0, tree: Data(),
                lastAppliedAt: Timestamp(microseconds: 0), lastEvent: UInt64(bitPattern: strays.int8(row, 1)),
                origins: [:])
        }
    }

    private func scan<Value: Sendable>(
        _ work: @escaping @Sendable (ScanConnection) throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            _ = Lane<Void>(name: "scan", capacity: 1) { _ in
                continuation.resume(with: Result { try work(try ScanConnection(configuration)) })
            }
        }
    }
}
