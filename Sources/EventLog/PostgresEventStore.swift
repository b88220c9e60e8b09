package import Commands
import Lanes
import Metrics

/// The log and its projection in PostgreSQL or CockroachDB, as the partition's owner writes them.
///
/// A few lanes with a connection each; a batch goes to whichever is free. `decide` runs on the lane's thread.
package final class PostgresEventStore: EventStore {
    /// Transactions are long and heavy: whoever has so many waiting should rather make larger batches.
    private static let maximumWaitingReads = 1_000
    private static let maximumAttempts = 10
    private static let firstBackoff = Duration.milliseconds(1)
    private static let longestBackoff = Duration.milliseconds(100)

    private let batches: PostgresLanes<Job>
    private let batchMetrics: EventLogMetrics
    private let reads: ReadLanes

    /// Runs on a lane's thread and answers whoever waits for it.
    private typealias Job = @Sendable (PostgresConnection) -> Void

    /// Starts the threads, which connect by themselves.
    ///
    /// - Parameters:
    ///   - connections: for batches; one more serves the reads.
    ///   - maximumWaiting: batches beyond those running; more are `overloaded`.
    package init(_ configuration: PostgresConfiguration, connections: Int = 2, maximumWaiting: Int = 1_024) {
        let metrics = EventLogMetrics(role: .writer)
        batchMetrics = metrics
        batches = PostgresLanes(
            name: "log-write", count: connections, maximumWaiting: maximumWaiting, batchLimit: 1,
            configuration: configuration, role: .writer, metrics: metrics
        ) { jobs, connection in
            for job in jobs { job(connection) }
        }
        reads = ReadLanes(
            configuration, name: "log-read", connections: 1, maximumWaiting: Self.maximumWaitingReads)
    }

    /// Whether at least one connection for batches is open.
    package var isConnected: Bool { batchMetrics.connections > 0 }

    /// Finishes what was submitted, then ends threads and connections.
    package func close() async {
        await batches.close()
        await reads.close()
    }

    package func transact(
        _ read: BatchRead, decide: @escaping @Sendable (PartitionSnapshot) -> BatchDecision
    ) async throws(EventLogError) -> BatchWrite {
        let transaction = BatchTransaction(read: read, decide: decide)
        let began = ContinuousClock.now
        var backoff = Self.firstBackoff
        var attempt = 1
        while true {
            do throws(EventLogError) {
                let written = try await write { connection in transaction.run(on: connection) }
                batchMetrics.transactionDuration.recordSeconds(began.duration(to: .now).inSeconds)
                batchMetrics.eventsAppended.increment(by: written.events.count)
                return written
            } catch {
                guard error.code == .contended, attempt < Self.maximumAttempts, !Task.isCancelled else { throw error }
                batchMetrics.retried(sqlState: error.metadata["sqlstate"])
            }
            // Not on the lane, where other partitions' batches wait.
            try? await Task.sleep(for: backoff * Double.random(in: 0.5...1.5))
            backoff = min(backoff * 2, Self.longestBackoff)
            attempt += 1
        }
    }

    /// One statement, in a transaction and a round trip of its own.
    func run<Value: Sendable>(
        _ statement: Statement, parameters: @escaping @Sendable (inout ParameterBuffer) -> Void,
        receive: @escaping @Sendable (borrowing PostgresResult) -> Value
    ) async throws(EventLogError) -> Value {
        try await write { connection in
            do throws(PostgresFailure) {
                try connection.open()
                parameters(&connection.parameters)
                return .success(receive(try connection.run(statement)))
            } catch {
                return .failure(EventLogError(error))
            }
        }
    }

    private func write<Value: Sendable>(
        _ work: @escaping @Sendable (PostgresConnection) -> Result<Value, EventLogError>
    ) async throws(EventLogError) -> Value {
        try await withCheckedContinuation { (continuation: CheckedContinuation<Result<Value, EventLogError>, Never>) in
            switch batches.submit({ connection in continuation.resume(returning: work(connection)) }) {
            case .accepted: break
            case .full:
                batchMetrics.overloaded.increment()
                continuation.resume(returning: .failure(.overloaded))
            case .closed: continuation.resume(returning: .failure(.closed))
            }
        }.get()
    }

    package func vector(of partition: Partition) async throws(EventLogError) -> VersionVector {
        let vector = try await reads.run { connection throws(PostgresFailure) in
            connection.parameters.int8(Int64(partition.number))
            try connection.send(Statements.wholeVector)
        } receive: { connection throws(PostgresFailure) in
            try connection.next().vector()
        }
        guard let vector else { throw .noPartition(partition) }
        return vector
    }

    package func keysChanged(
        in partition: Partition, after sequence: UInt64, through: UInt64, limit: Int
    ) async throws(EventLogError) -> [Key]? {
        // Sequences have no gaps, so their difference counts the events.
        guard through > sequence else { return [] }
        guard through - sequence <= UInt64(limit) else { return nil }
        return try await reads.run { connection throws(PostgresFailure) in
            connection.parameters.int8(Int64(partition.number))
            connection.parameters.int8(Int64(sequence))
            connection.parameters.int8(Int64(through))
            try connection.send(Statements.keysChanged)
        } receive: { connection throws(PostgresFailure) in
            try connection.next().keys()
        }
    }

    package func forgetOrigins(
        in partition: Partition, silentSince time: Timestamp, limit: Int
    ) async throws(EventLogError) -> [Origin] {
        try await run(Statements.forgetOrigins) { parameters in
            parameters.int8(Int64(partition.number))
            parameters.timestamp(time)
            parameters.int8(Int64(limit))
        } receive: { result in
            (0..<result.rowCount).map { Origin(bitPattern: result.int8($0, 0)) }
        }
    }

    package func keysAwaitingExpiry(
        in partition: Partition, at time: Timestamp, limit: Int
    ) async throws(EventLogError) -> [Key] {
        try await reads.run { connection throws(PostgresFailure) in
            connection.parameters.int8(Int64(partition.number))
            connection.parameters.timestamp(time)
            connection.parameters.int8(Int64(limit))
            try connection.send(Statements.keysAwaitingExpiry)
        } receive: { connection throws(PostgresFailure) in
            try connection.next().keys()
        }
    }
}

extension EventLogError {
    static let overloaded = EventLogError(
        .overloaded, "Too many requests are waiting for the database. Try again shortly.")
    static let closed = EventLogError(.unavailable, "This process is shutting down. Try another one.")

    static func noPartition(_ partition: Partition) -> EventLogError {
        EventLogError(.misconfigured, "The database has no partition \(partition): run `tidemark migrate` on it.")
    }
}
