import ArgumentParser
import AsyncHTTPClient
import Autoscaler
import Foundation
import Logging
import NIOPosix
import Projector
import Prometheus
import ServiceLifecycle
import UnixSignals

struct AutoscalerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "autoscaler",
        abstract: "Add and remove gateways and projectors as the load asks for.",
        discussion: """
            Gateways follow the requests under way and the processors in use. Projectors follow the time that it takes to apply \
            what waits. A signal that is missing never makes a number fall. What leaves drains first.

            With --driver docker it adds containers like those that Docker Compose started, and needs the engine's socket. With \
            --driver none it watches the instances that are named and only says what it would do. On one machine, use \
            `tidemark dev --autoscale` instead. Run one autoscaler for a stack.

            /metrics, /livez and /readyz are served on --port. The settings, in the environment or in the file of --config:
            \(settingsHelp)
            """,
        subcommands: [AutoscalerSimulateCommand.self])

    private static let settingsHelp = Setting.help(of: Setting.allCases.filter { $0.rawValue.hasPrefix("autoscaler.") })

    @OptionGroup var role: RoleOptions

    @Option(help: ArgumentHelp(Setting.autoscalerDriver.help, valueName: "docker|none"))
    var driver: String?

    @Flag(help: "Only say what it would do.")
    var dryRun = false

    @Option(help: ArgumentHelp(Setting.httpHost.help, valueName: "address"))
    var host: String?

    @Option(help: ArgumentHelp(Setting.autoscalerPort.help, valueName: "port"))
    var port: Int?

    func run() async throws {
        let settings = try await role.settings([
            .autoscalerDriver: driver, .httpHost: host, .autoscalerPort: port.map(String.init),
        ])
        if role.printConfig { return print(settings.masked) }
        try await settings.reporting {
            try settings.bootstrapLogging()
            let logger = Logger(label: "tidemark.autoscaler")
            let registry = PrometheusRegistry.bootstrapped()
            let autoscaling = try settings.autoscaling()
            let token = settings.scrapeToken()
            _ = try await token()
            let port = try settings.integer(.autoscalerPort, in: 0...65_535)
            try await HTTPClient.withHTTPClient { http in
                let fleet = try await settings.fleet(http)
                let autoscaler = autoscaling.autoscaler(
                    fleet, http: http, bearerToken: token, isDryRun: dryRun || fleet is FixedFleet
                ) { $0.log(to: logger) }
                let probes = ProbeServer(
                    host: settings.string(.httpHost), port: port, logger: logger,
                    unready: "the instances can't be listed: does the driver answer?"
                ) {
                    await autoscaler.isReady
                } exposition: {
                    registry.exposition()
                }
                try await ServiceGroup(
                    configuration: .init(
                        services: [probes, AutoscalerService(autoscaler: autoscaler)],
                        gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
                ).run()
            }
        }
    }
}

private struct AutoscalerService: Service {
    let autoscaler: Autoscaler

    func run() async throws {
        await cancelWhenGracefulShutdown { await autoscaler.run() }
    }
}

extension Autoscaler.Report {
    fileprivate func log(to logger: Logger) {
        switch self {
        case .change(let role, let old, let new, let reason):
            logger.notice(
                "number changes",
                metadata: ["role": "\(role)", "from": "\(old)", "to": "\(new)", "reason": "\(reason)"])
        case .unreadable(let instance, let reason):
            logger.warning(
                "metrics can't be read",
                metadata: ["role": "\(instance.role)", "instance": "\(instance.id)", "reason": "\(reason)"])
        case .failed(let what, let error):
            logger.error("not done; it is tried again", metadata: ["what": "\(what)", "error": "\(error)"])
        }
    }
}

extension Settings {
    /// Reads the file each time: keys are replaced.
    fileprivate func scrapeToken() -> @Sendable () async throws -> String? {
        guard let path = optional(.autoscalerTokenFile) else { return { nil } }
        return {
            try await NIOThreadPool.singleton.runIfActive {
                try Self.text(of: path, for: .autoscalerTokenFile).trimmingCharacters(in: .whitespacesAndNewlines)
            }
        }
    }

    fileprivate func fleet(_ http: HTTPClient) async throws -> any FleetDriver {
        switch string(.autoscalerDriver) {
        case "docker":
            let engine = DockerEngine(socket: string(.autoscalerDockerSocket), http: http)
            return ComposeFleet(
                engine: engine, project: optional(.autoscalerProject),
                ownContainer: ProcessInfo.processInfo.hostName,
                ports: [
                    .gateway: try integer(.autoscalerGatewayPort, in: 1...65_535),
                    .projector: try integer(.autoscalerProjectorPort, in: 1...65_535),
                ], stopTimeout: .seconds(try integer(.autoscalerStopSeconds, in: 1...3_600)))
        case "none":
            return FixedFleet(gateways: list(.autoscalerGateways), projectors: list(.autoscalerProjectors))
        case let other:
            throw Invalid(
                description: "\(Setting.autoscalerDriver.rawValue) is docker or none, not \"\(other)\". "
                    + "For processes on this machine there is tidemark dev --autoscale.")
        }
    }

    private func list(_ setting: Setting) -> [String] {
        string(setting).split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }
}
