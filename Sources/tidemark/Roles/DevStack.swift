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
    let partitions: Int?
    let access: AccessMode
    let logLevel: String
    let logFormat: LogFormat

    /// Fewer than a cluster of several machines has: each costs messages, transactions and fsyncs, and there are only so
    /// many processors here to share them.
    static let usualPartitions = min(16, max(2, ProcessInfo.processInfo.activeProcessorCount))

    /// Projectors first, then gateways, then nginx if there is more than one gateway.
    func roles(_ endpoints: LocalStack.Endpoints) async throws -> [[any Server]] {
        let settings = try await Settings(
            flags: [.databaseURL: endpoints.database], file: nil, environment: [:])
        _ = try await settings.migrate(
            application: "tidemark-dev", partitions: partitions, usualPartitions: Self.usualPartitions
        ) { _ in }

        let environment = [
            "TIDEMARK_DATABASE_URL": endpoints.database,
            "TIDEMARK_AMQP_URL": endpoints.commandBus,
            "TIDEMARK_REDIS_URL": endpoints.cache,
            "TIDEMARK_LOG_LEVEL": logLevel,
            "TIDEMARK_LOG_FORMAT": logFormat.rawValue,
            "TIDEMARK_ACCESS_MODE": access.rawValue,
        ]
        let ports = try FreePort.allocate(projectors + (gateways > 1 ? gateways : 0))
        let projecting = (0..<projectors).map { role("projector", $0 + 1, port: ports[$0], environment) }
        guard gateways > 1 else {
            // No balancer whose requests could be lost: the end needs no patience.
            let impatient = environment.merging([Setting.httpDrainIdleSeconds.environmentVariable: "0"]) { $1 }
            return [projecting, [role("gateway", 1, port: port, impatient)]]
        }
        let gatewayPorts = Array(ports[projectors...])
        let serving = gatewayPorts.enumerated().map { role("gateway", $0 + 1, port: $1, environment) }
        let nginx = try NginxServer(
            directory: directory.appendingPathComponent("nginx"), port: port, gatewayPorts: gatewayPorts)
        return [projecting, serving, [nginx]]
    }

    private func role(_ name: String, _ number: Int, port: Int, _ environment: [String: String]) -> ManagedProcess {
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
