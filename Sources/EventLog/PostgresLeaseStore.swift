package import Commands
import Lanes

/// Leases in the database, timed by its clock. One connection of its own, so that renewals never queue behind batches.
///
/// Each call is one statement or one pipeline, so one transaction; row locks decide who comes first.
package final class PostgresLeaseStore: LeaseStore {
    private let lanes: ReadLanes

    /// Starts the thread, which connects by itself.
    package init(_ configuration: PostgresConfiguration) {
        lanes = ReadLanes(configuration, name: "lease", role: .leases, connections: 1, maximumWaiting: 1_024)
    }

    /// Finishes what was asked, then ends thread and connection.
    package func close() async { await lanes.close() }

    package func renew(
        _ worker: WorkerID, name: String, for duration: Duration
    ) async throws(EventLogError) -> LeaseTable {
        try await lanes.run { connection throws(PostgresFailure) in
            connection.parameters.uuid(worker.id)
            connection.parameters.text(name)
            connection.parameters.int8(duration.inMicroseconds)
            try connection.send(Statements.registerWorker)
            connection.parameters.uuid(worker.id)
            connection.parameters.int8(duration.inMicroseconds)
            try connection.send(Statements.renewLeases)
            try connection.send(Statements.forgetExpiredWorkers)
            try connection.send(Statements.allLeases)
            try connection.send(Statements.liveWorkers)
        } receive: { connection throws(PostgresFailure) in
            for _ in 0..<3 { _ = try connection.next() }
            let entries = try connection.next().leases()
            return try LeaseTable(entries: entries, workers: connection.next().workers())
        }
    }

    package func acquire(
        _ partition: Partition, by worker: WorkerID, for duration: Duration
    ) async throws(EventLogError) -> UInt64? {
        try await lanes.run { connection throws(PostgresFailure) in
            connection.parameters.int8(Int64(partition.number))
            connection.parameters.uuid(worker.id)
            connection.parameters.int8(duration.inMicroseconds)
            try connection.send(Statements.acquireLease)
        } receive: { connection throws(PostgresFailure) in
            let result = try connection.next()
            return result.rowCount == 1 ? result.unsigned(0, 0) : nil
        }
    }

    package func release(_ partition: Partition, by worker: WorkerID) async throws(EventLogError) {
        try await lanes.run { connection throws(PostgresFailure) in
            connection.parameters.int8(Int64(partition.number))
            connection.parameters.uuid(worker.id)
            try connection.send(Statements.releaseLease)
        } receive: { connection throws(PostgresFailure) in
            _ = try connection.next()
        }
    }

    package func leave(_ worker: WorkerID) async throws(EventLogError) {
        try await lanes.run { connection throws(PostgresFailure) in
            connection.parameters.uuid(worker.id)
            try connection.send(Statements.releaseAllLeases)
            connection.parameters.uuid(worker.id)
            try connection.send(Statements.removeWorker)
        } receive: { connection throws(PostgresFailure) in
            for _ in 0..<2 { _ = try connection.next() }
        }
    }
}

extension PostgresResult {
    fileprivate func leases() -> [LeaseTable.Entry] {
        (0..<rowCount).map { row in
            LeaseTable.Entry(
                partition: Partition(Int(int8(row, 0))), owner: isNull(row, 1) ? nil : WorkerID(uuid(row, 1)),
                epoch: unsigned(row, 2), expired: bool(row, 3), generation: int8(row, 4))
        }
    }

    fileprivate func workers() -> [WorkerID] { (0..<rowCount).map { WorkerID(uuid($0, 0)) } }
}

extension Duration {
    /// Rounded down.
    var inMicroseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000_000 + attoseconds / 1_000_000_000_000
    }
}
