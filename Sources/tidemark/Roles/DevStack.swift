import Autoscaler
import Commands
import EventLog
import Foundation
import LocalStack
import Logging

/// Which of our own processes `tidemark dev` runs, and how they find the servers.
struct DevStack: Sendable {
    let directory: URL
    let port: Int
    let gateways: Int
    let projectors: Int
    /// How many there may come to be; `nil` if it is as many as there are.
    let autoscaling: Autoscaling?
    let partitions: Int?
    let access: AccessMode
    let logLevel: String
    let logFormat: LogFormat

    /// Fewer than a cluster of several machines has: each costs messages, transactions and fsyncs, and there are only so
    /// many processors here to share them.
    static let usualPartitions = min(16, max(2, ProcessInfo.processInfo.activeProcessorCount))

    /// Starts projectors first, then gateways, then nginx if there may be more than one gateway. Returns the driver that adds
    /// and removes them.
    func start(_ endpoints: LocalStack.Endpoints, on supervisor: Supervisor) async throws -> LocalFleet {
        let settings = try await Settings(
            flags: [.databaseURL: endpoints.database], file: nil, environment: [:])
        _ = try await settings.migrate(
            application: "tidemark-dev", partitions: partitions, usualPartitions: Self.usualPartitions
        ) { _ in }

        var environment = [
            "TIDEMARK_DATABASE_URL": endpoints.database,
            "TIDEMARK_AMQP_URL": endpoints.commandBus,
            "TIDEMARK_REDIS_URL": endpoints.cache,
            "TIDEMARK_LOG_LEVEL": logLevel,
            "TIDEMARK_LOG_FORMAT": logFormat.rawValue,
            "TIDEMARK_ACCESS_MODE": access.rawValue,
        ]
        let mostGateways = autoscaling?.gateways.maximum ?? gateways
        let mostProjectors = autoscaling?.projectors.maximum ?? projectors
        let hasBalancer = mostGateways > 1
        // No balancer whose requests could be lost: the end needs no patience.
        if !hasBalancer { environment[Setting.httpDrainIdleSeconds.environmentVariable] = "0" }
        let gatewayPorts = hasBalancer ? try FreePort.allocate(mostGateways) : [port]
        let projectorPorts = try FreePort.allocate(mostProjectors)
        let fleet = LocalFleet(supervisor: supervisor, limits: [.gateway: mostGateways, .projector: mostProjectors]) {
            [environment] role, number in
            let ports = role == .gateway ? gatewayPorts : projectorPorts
            return process(role.rawValue, number, port: ports[number - 1], environment)
        }
        try await fleet.add(.projector, projectors)
        try await fleet.add(.gateway, gateways)
        if hasBalancer {
            let nginx = try NginxServer(
                directory: directory.appendingPathComponent("nginx"), port: port,
                gatewayPorts: Array(gatewayPorts[..<gateways]), spare: Array(gatewayPorts[gateways...]))
            try await supervisor.start([nginx])
        }
        return fleet
    }

    private func process(_ name: String, _ number: Int, port: Int, _ environment: [String: String]) -> ManagedProcess {
        let home = directory.appendingPathComponent("roles")
        var options = ManagedProcess.Options()
        options.prepare = { try FileManager.default.createDirectory(at: home, withIntermediateDirectories: true) }
        options.ready = Readiness.http(port: port, path: "/readyz")
        options.grace = .seconds(30)
        return ManagedProcess(
            name: "\(name)-\(number)", endpoint: "http://127.0.0.1:\(port)",
            description: ProcessDescription(
                executable: "/proc/self/exe".resolvingLink, arguments: [name, "--port", String(port)],
                environment: ProcessDescription.minimalEnvironment(home: home).merging(environment) { $1 },
                workingDirectory: home, logFile: home.appendingPathComponent("\(name)-\(number).log")),
            options: options)
    }
}

extension String {
    fileprivate var resolvingLink: String {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: self)) ?? self
    }
}
