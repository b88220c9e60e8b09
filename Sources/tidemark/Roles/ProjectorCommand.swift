import ArgumentParser
import Cache
import Commands
import EventLog
import Foundation
import Gateway
import Logging
import Projector
import Prometheus
import ServiceLifecycle
import UnixSignals

struct ProjectorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "projector",
        abstract: "Apply commands to the log and its projection.",
        discussion: """
            Projectors share the partitions; more of them than partitions stand by. /metrics, /livez and /readyz are served
            on --port. SIGTERM applies the batches at hand and hands the partitions over.
            """)

    @OptionGroup var role: RoleOptions
    @OptionGroup var connections: ConnectionOptions

    func run() async throws {
        var flags = connections.flags
        if connections.port == nil { flags[.httpPort] = nil }
        let settings = try await role.settings(flags)
        if role.printConfig { return print(settings.masked) }
        try await settings.reporting {
            try settings.bootstrapLogging()
            let logger = Logger(label: "tidemark.projector")
            let registry = PrometheusRegistry.bootstrapped()
            let cluster = try await settings.migrate(application: "tidemark-migrate") { name in
                logger.info("migration applied", metadata: ["migration": "\(name)"])
            }
            let database = settings.postgres(application: "tidemark-projector")
            let source = RabbitMQSource(
                configuration: try settings.rabbitMQ(), partitions: cluster.partitioner, logger: logger)
            let store = PostgresEventStore(
                database, connections: try settings.integer(.databaseConnections, in: 1...64))
            let leases = PostgresLeaseStore(database)
            let cache = RedisCache(try settings.redis(cluster), partitioner: cluster.partitioner, logger: logger)

            var configuration = ProjectorConfiguration(name: ProcessInfo.processInfo.hostName)
            configuration.leaseDuration = .seconds(try settings.integer(.projectorLeaseSeconds, in: 2...300))
            configuration.quarantine = try settings.quarantine()
            let worker = ProjectorWorker(
                ProjectorParts(
                    source: source, store: store, trials: store, leases: leases, cache: cache, cluster: cluster,
                    configuration: configuration, logger: logger))
            let probes = ProbeServer(
                host: settings.string(.httpHost), port: try settings.integer(.httpPort, in: 0...65_535), logger: logger,
                isReady: { await worker.isReady }, exposition: { registry.exposition() })
            let progress = ProgressMeter(worker: worker) { [source] in try await source.depth(of: $0) }
            var audit = StalenessAuditor.Settings()
            audit.readsPerSecond = try settings.integer(.projectorAuditReads, in: 0...1_000)
            let log =
                audit.readsPerSecond == 0
                ? nil : PostgresLogReader(database, partitioner: cluster.partitioner, connections: 1)
            let auditor = log.map { log in
                StalenessAuditor(audit, owned: { await worker.owned }, log: log, cache: cache, logger: logger)
            }
            let services: [(any Service)?] = [probes, progress, auditor, worker]
            try await ServiceGroup(
                configuration: .init(
                    services: services.compactMap { $0 }, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
            ).run()
            await source.close()
            await cache.close()
            await log?.close()
            await store.close()
            await leases.close()
        }
    }
}

extension Settings {
    fileprivate func quarantine() throws -> Quarantine {
        let text = string(.projectorQuarantine)
        guard let policy = Quarantine(rawValue: text) else {
            throw Invalid(description: "projector.quarantine: \"\(text)\" is neither let-through nor hold.")
        }
        return policy
    }
}
