import ArgumentParser
import Cache
import Commands
import EventLog
import Foundation
import Logging
import Metrics
import Projector
import Prometheus

/// How fast the projector applies: the queues are filled first, then one worker with the parts of production empties
/// them into the log, the projection, the Merkle trees and the cache.
struct Apply: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Time one projector over queues that were filled before.",
        discussion: "The database was made by `tidemark migrate` and is empty; the namespace is used by nobody else.")

    @OptionGroup var load: Load

    @Option(help: "libpq connection string of an empty, migrated database.")
    var databaseURL: String

    @Option(name: .customLong("amqp-url"), help: "amqp://user:password@host:port/")
    var amqpURL: String

    @Option(help: "redis://host:port")
    var redisURL: String

    @Option(help: "First part of the queues' names.")
    var namespace: String

    @Option(help: "Writers that fill the queues: the more, the more commands come in one message.")
    var writers = 64

    @Option(help: "The projector's connections to the database.")
    var connections = 2

    func run() async throws {
        LoggingSystem.bootstrap { label in
            var handler = StreamLogHandler.standardError(label: label)
            handler.logLevel = .warning
            return handler
        }
        MetricsSystem.bootstrap(PrometheusRegistry(build: [:]))
        let logger = Logger(label: "tidemark.benchmarks")
        let database = PostgresConfiguration(connectionString: databaseURL, applicationName: "tidemark-benchmarks")
        let cluster = try await ClusterDescription.load(database)
        var bus = try RabbitMQConfiguration(urls: amqpURL)
        bus.namespace = namespace
        try await fill(bus, cluster, logger)

        let source = RabbitMQSource(configuration: bus, partitions: cluster.partitioner, logger: logger)
        let store = PostgresEventStore(database, connections: connections)
        let leases = PostgresLeaseStore(database)
        var redis = RedisConfiguration(url: try RedisURL(redisURL))
        redis.namespace = namespace
        let cache = RedisCache(redis, partitioner: cluster.partitioner, logger: logger)
        let worker = ProjectorWorker(
            ProjectorParts(
                source: source, store: store, trials: store, leases: leases, cache: cache, cluster: cluster,
                configuration: ProjectorConfiguration(name: "benchmark"), logger: logger))
        let running = Task { try await worker.run() }
        let rate = try await AppliedRate.measure(databaseURL, until: load.events)
        running.cancel()
        try await running.value
        await source.close()
        await cache.close()
        await store.close()
        await leases.close()
        print("applied_events_per_second=\(Int(rate))")
    }

    private func fill(
        _ configuration: RabbitMQConfiguration, _ cluster: ClusterDescription, _ logger: Logger
    ) async throws {
        let bus = RabbitMQPublisher(configuration: configuration, partitions: cluster.partitioner, logger: logger)
        let deadline = ContinuousClock.now + .seconds(10)
        while !bus.isReady {
            guard .now < deadline else { throw ValidationError("No broker answers at --amqp-url.") }
            try await Task.sleep(for: .milliseconds(20))
        }
        let keys = load.sequence()
        let issuer = CommandIDIssuer(secret: cluster.secret)
        let clock = SystemWallClock()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<writers {
                group.addTask {
                    for number in stride(from: writer, to: keys.count, by: writers) {
                        let now = clock.now()
                        let command = Command(
                            id: issuer.next(at: now), operation: .put(Content(value: Data(Load.value(number)))),
                            key: keys[number], principal: "anonymous", issuedAt: now)
                        _ = try await bus.publish(command, to: cluster.partitioner.partition(of: keys[number]))
                    }
                }
            }
            try await group.waitForAll()
        }
        await bus.close()
    }
}
