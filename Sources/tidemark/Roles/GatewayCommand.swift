import ArgumentParser
import Cache
import Commands
import EventLog
import Gateway
import Logging
import Metrics
import Prometheus
import Retention
import ServiceLifecycle
import UnixSignals

struct GatewayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gateway",
        abstract: "Serve the HTTP API.",
        discussion: """
            Stateless: run as many as you like behind a load balancer. SIGTERM finishes what is under way: /readyz says 503,
            no connection is accepted, each answer closes its connection, and what was accepted is confirmed.

            On loopback everybody is answered unless --access on. An address that others can reach takes --access on (make keys
            with `tidemark keys create`), or --insecure.

            Limits and more, in the environment or in the file of --config:
            \(limitsHelp)
            """)

    private static let limitsHelp = Setting.help(of: [
        .httpMaximumConnections, .httpMaximumRequests, .httpMaximumWaiting, .httpMaximumHeldBytes,
        .httpMaximumValueBytes, .httpDrainSeconds, .httpDrainIdleSeconds, .logRequests,
    ])

    @OptionGroup var role: RoleOptions
    @OptionGroup var connections: ConnectionOptions
    @OptionGroup var access: AccessOptions

    func run() async throws {
        let settings = try await role.settings(connections.flags.merging(access.flags) { $1 })
        if role.printConfig { return print(settings.masked) }
        try await settings.reporting {
            try settings.bootstrapLogging()
            let logger = Logger(label: "tidemark.gateway")
            let mode = try settings.accessMode()
            let certificates = try await settings.certificates(logger)
            let tokens = try await settings.tokens()
            let registry = PrometheusRegistry.bootstrapped()
            let cluster = try await settings.migrate(application: "tidemark-migrate") { name in
                logger.info("migration applied", metadata: ["migration": "\(name)"])
            }
            let parts = try GatewayParts(cluster: cluster, settings: settings, registry: registry, logger: logger)
            var limits = HTTPLimits()
            limits.value = try settings.integer(.httpMaximumValueBytes, in: 1...(64 << 20))
            let guarded = mode == .off ? nil : try GuardedAccess(settings, tokens, logger)
            await guarded?.refresher.refresh()
            let responder = GatewayResponder(
                useCases: parts.service, limits: limits, door: FrontDoor(try settings.admission(logger)),
                gatekeeper: guarded?.gatekeeper, requestLog: try settings.requestLog())
            // A balancer sends requests as soon as the port is open.
            await parts.service.becomesReady(within: .seconds(10))
            let server = GatewayServer(
                responder: responder, configuration: try settings.serving(), certificates: certificates, logger: logger
            ) { port in
                logger.info("gateway listens", metadata: ["port": "\(port)", "origin": "\(parts.bus.origin)"])
            }
            let services: [(any Service)?] = [guarded?.refresher, certificates, parts.meter(cluster), server]
            try await ServiceGroup(
                configuration: .init(
                    services: services.compactMap { $0 },
                    gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
            ).run()
            await parts.close()
            await guarded?.store.close()
        }
    }
}

/// A gateway's connections and the service over them.
struct GatewayParts: Sendable {
    let bus: RabbitMQPublisher
    let cache: RedisCache
    let log: PostgresLogReader
    let service: GatewayService
    /// Where past values are that are no longer in the log.
    private let archives: (store: PostgresRetentionStore, archive: Archive)?

    init(cluster: ClusterDescription, settings: Settings, registry: PrometheusRegistry, logger: Logger) throws {
        let outcomes = OutcomeRegistry()
        let database = settings.postgres(application: "tidemark-gateway")
        archives = settings.archive(cluster).map { archive in
            (store: PostgresRetentionStore(database), archive: archive)
        }
        let log = PostgresLogReader(
            database, partitioner: cluster.partitioner,
            connections: try settings.integer(.databaseConnections, in: 1...64),
            archive: archives.map { ArchiveReader(store: $0.store, archive: $0.archive, logger: logger) })
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

    func meter(_ cluster: ClusterDescription) -> UnappliedMeter {
        UnappliedMeter(partitions: cluster.partitioner.count) { [bus] in
            bus.confirmed
        } applied: { [bus, log] in
            try await log.applied(of: bus.origin)
        }
    }

    /// The bus first: it confirms what was accepted.
    func close() async {
        await bus.close()
        await cache.close()
        await log.close()
        await archives?.store.close()
    }
}

extension PrometheusRegistry {
    /// The process's metrics system from here on.
    static func bootstrapped() -> PrometheusRegistry {
        let registry = PrometheusRegistry(build: ["version": Tidemark.version])
        for histogram in Histograms.all {
            registry.describe(histogram.name, help: histogram.help, buckets: histogram.buckets)
        }
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
