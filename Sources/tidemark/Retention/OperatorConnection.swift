import Commands
import EventLog
import Gateway
import Logging
import Retention

/// What a tool of the operator's works with, who has access to the database and the broker and needs no gateway.
struct OperatorConnection: Sendable {
    let cluster: ClusterDescription
    let store: PostgresRetentionStore
    let writer: Writer
    private let bus: RabbitMQPublisher
    private let log: PostgresLogReader

    init(_ settings: Settings) async throws {
        let database = settings.retentionDatabase()
        cluster = try await settings.migrate(application: "tidemark-migrate") { _ in }
        store = PostgresRetentionStore(database)
        let outcomes = OutcomeRegistry()
        // Who waits for one answer is not interested in how the broker was reached.
        var logger = Logger(label: "tidemark.retention")
        logger.logLevel = .warning
        let log = PostgresLogReader(database, partitioner: cluster.partitioner, connections: 1)
        self.log = log
        bus = RabbitMQPublisher(
            configuration: try settings.rabbitMQ(), partitions: cluster.partitioner,
            logger: logger
        ) {
            outcomes.resolve($0)
        } onOutcomesInterrupted: {
            Task { await outcomes.recover(from: log) }
        }
        writer = Writer(
            bus: bus, issuer: CommandIDIssuer(secret: cluster.secret), partitioner: cluster.partitioner,
            outcomes: outcomes, log: log, clock: SystemWallClock())
    }

    func close() async {
        await bus.close()
        await log.close()
        await store.close()
    }

    /// Waits for the broker, and until everything that was acknowledged before is applied.
    func settle(_ partitions: [Partition], timeout: Duration) async throws {
        let deadline = ContinuousClock.now + timeout
        while !bus.isReady {
            guard ContinuousClock.now < deadline else {
                throw CommandFailure(
                    .failed, "RabbitMQ can't be reached.", hint: "Name it with --amqp-url or TIDEMARK_AMQP_URL.")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for partition in partitions {
                group.addTask {
                    let passed = try await writer.passes(
                        partition, Key(trusted: "tidemark"), principal: "tidemark", timeout: timeout)
                    guard passed else {
                        throw CommandFailure(
                            .failed, "The writes before this were not applied within \(timeout.components.seconds) s.",
                            hint: "Is a projector running? Nothing was erased.")
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    /// One erasure through the key's queue.
    func send(_ erasure: Erasure, of key: Key, by principal: String, timeout: Duration) async throws -> Outcome {
        let result = try await writer.write(
            WriteRequest(operation: .erase(erasure), key: key, principal: principal, wait: timeout))
        switch result {
        case .ended(let outcome): return outcome
        case .accepted:
            throw CommandFailure(
                .failed,
                "The erasure of \"\(key)\" is accepted, and was not applied within \(timeout.components.seconds) s.",
                hint: "It will be. Run the same command again to see that nothing is left.")
        }
    }
}
