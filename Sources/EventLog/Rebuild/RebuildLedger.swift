import Commands
import Foundation
import Lanes

/// The `rebuilds` table: who works on the generation that isn't served, how far it is, and what becomes of it.
///
/// Every call is one statement, or statements that may run twice.
struct RebuildLedger: Sendable {
    /// Renewed every two seconds; a run that was killed is waited for as long as this.
    static let lease = Duration.seconds(10)

    let owner = UUID()
    private let lanes: ReadLanes

    init(_ configuration: PostgresConfiguration) {
        lanes = ReadLanes(configuration, name: "rebuild", role: .leases, connections: 1, maximumWaiting: 64)
    }

    func close() async { await lanes.close() }

    func status() async throws(EventLogError) -> RebuildStatus {
        try await lanes.run { connection throws(PostgresFailure) in
            try connection.send(Statements.rebuildStatus)
        } receive: { connection throws(PostgresFailure) in
            try connection.next().rebuildStatus()
        }
    }

    /// Makes the rows of a new generation, which this run holds, unless there are some.
    func open() async throws(EventLogError) {
        try await run(Statements.openRebuild) { [owner] parameters in
            parameters.uuid(owner)
            parameters.int8(Self.lease.inMicroseconds)
        }
    }

    /// Takes all rows, or renews them.
    ///
    /// - Returns: whether every row is this run's.
    func claim(_ rows: Int) async throws(EventLogError) -> Bool {
        try await lanes.run { [owner] connection throws(PostgresFailure) in
            connection.parameters.uuid(owner)
            connection.parameters.int8(Self.lease.inMicroseconds)
            try connection.send(Statements.claimRebuild)
        } receive: { connection throws(PostgresFailure) in
            try connection.next().affectedRows == rows
        }
    }

    func release() async throws(EventLogError) { try await run(Statements.releaseRebuild) }
    func rollBack() async throws(EventLogError) { try await run(Statements.rollBackRebuild) }
    func endMirroring() async throws(EventLogError) { try await run(Statements.endMirroring) }
    func remove() async throws(EventLogError) { try await run(Statements.closeRebuild) }

    func record(
        _ digest: ProjectionDigest, of partition: Partition, at sequence: UInt64
    ) async throws(EventLogError) {
        try await run(Statements.recordDigest) { [owner] parameters in
            parameters.int8(Int64(partition.number))
            parameters.uuid(owner)
            parameters.int8(Int64(sequence))
            parameters.int8(Int64(digest.rows))
            parameters.bytes(digest.bytes)
        }
    }

    /// Deletes the next rows in key order.
    ///
    /// - Returns: the keys' number and the last one.
    func drop(
        from table: ProjectionTable, after key: String, limit: Int
    ) async throws(EventLogError) -> (count: Int, last: String) {
        try await lanes.run { connection throws(PostgresFailure) in
            connection.parameters.text(key)
            connection.parameters.int8(Int64(limit))
            try connection.send(Statements.dropRows[table])
        } receive: { connection throws(PostgresFailure) in
            let keys = try connection.next().keys()
            return (keys.count, keys.max()?.text ?? key)
        }
    }

    private func run(_ statement: Statement) async throws(EventLogError) {
        try await run(statement) { [owner] parameters in parameters.uuid(owner) }
    }

    private func run(
        _ statement: Statement, parameters: @escaping @Sendable (inout ParameterBuffer) -> Void
    ) async throws(EventLogError) {
        try await lanes.run { connection throws(PostgresFailure) in
            parameters(&connection.parameters)
            try connection.send(statement)
        } receive: { connection throws(PostgresFailure) in
            _ = try connection.next()
        }
    }
}
