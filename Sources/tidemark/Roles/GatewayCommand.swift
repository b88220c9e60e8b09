import ArgumentParser
import Cache
import Commands
import EventLog
import Gateway
import Logging
import Metrics
import Prometheus
import ServiceLifecycle
import UnixSignals

struct GatewayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gateway",
        abstract: "Serve the HTTP API.",
        discussion: "Stateless: run as many as you like behind a load balancer. SIGTERM finishes what is under way.")

    @OptionGroup var role: RoleOptions
    @OptionGroup var connections: ConnectionOptions

    func run() async throws {
        let settings = try await role.settings(connections.flags)
        if role.printConfig { return print(settings.masked) }
        try await settings.reporting {
            try settings.bootstrapLogging()
            let logger = Logger(label: "tidemark.gateway")
            let registry = PrometheusRegistry.bootstrapped()
            let cluster = try await settings.migrate(application: "tidemark-migrate") { name in
                logger.info("migration applied", metadata: ["migration": "\(name)"])
            }
            let parts = try GatewayParts(cluster: cluster, settings: settings, registry: registry, logger: logger)
            var limits = HTTPLimits()
            limits.value = try settings.integer(.httpMaximumValueBytes, in: 1...(64 << 20))
            var serving = GatewayServer.Configuration()
            serving.host = settings.string(.httpHost)
            serving.port = try settings.integer(.httpPort, in: 0...65_535)
            let server = GatewayServer(
                responder: GatewayResponder(useCases: parts.service, limits: limits), configuration: serving,
                logger: logger
            ) { port in
                logger.info("gateway listens", metadata: ["port": "\(port)", "origin": "\(parts.bus.origin)"])
            }
            try await ServiceGroup(
                configuration: .init(
                    services: [server], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
            ).run()
            await parts.close()
        }
    }
}

/// A gateway's connections and the service over them.
struct GatewayParts: Sendable {
    let bus: RabbitMQPublisher
    let cache: RedisCache
    let log: PostgresLogReader
    let service: GatewayService

    init(cluster: ClusterDescription, settings: Settings, registry: PrometheusRegistry, logger: Logger) throws {
        let outcomes = OutcomeRegistry()
        let log = PostgresLogReader(
            settings.postgres(application: "tidemark-gateway"), partitioner: cluster.partitioner,
            connections: try settings.integer(.databaseConnections, in: 1...64))
        self.log = log
        cache = RedisCache(try settings.redis(cluster), partitioner: cluster.partitioner, logger: logger)
        bus = RabbitMQPublisher(
            configuration: try settings.rabbitMQ(), partitions: cluster.partitioner, logger: logger
        ) {
            outcomes.resolve($0)
        } onOutcomesInterrupted: {
            Task { await outcomes.recover(from: log) }
        }
        var feeds = FeedLimits()
        feeds.feeds = try settings.integer(.httpFeeds, in: 0...10_000)
        service = GatewayService(
            cluster: cluster, bus: bus, cache: cache, log: log, outcomes: outcomes, registry: registry,
            feeds: feeds)
    }

    /// The bus first: it confirms what was accepted.
    func close() async {
        await bus.close()
        await cache.close()
        await log.close()
    }
}

extension PrometheusRegistry {
    /// The process's metrics system from here on.
    static func bootstrapped() -> PrometheusRegistry {
        let registry = PrometheusRegistry(build: ["version": Tidemark.version])
        MetricsSystem.bootstrap(registry)
        return registry
    }
}

extension Settings {
    /// Makes of settings and set-up errors a sentence and the exit status: 2 for wrong settings, else 1.
    func reporting(_ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch let error as Invalid {
            throw ValidationError(error.description)
        } catch let error as EventLogError {
            Terminal.note("tidemark: \(error.message)")
            throw error.code == .misconfigured ? ExitStatus.wrongUsage.code : ExitStatus.failed.code
        }
    }
}
