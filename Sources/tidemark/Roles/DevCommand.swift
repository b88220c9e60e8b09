import ArgumentParser
import AsyncHTTPClient
import Autoscaler
import EventLog
import Foundation
import LocalStack
import UnixSignals

struct DevCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dev",
        abstract: "Run everything on this machine: database, RabbitMQ, Redis, projectors and gateways.",
        discussion: """
            Servers are private: they listen on loopback only, on free ports, with their data in the data directory,
            where it is found again at the next start. What dies is started again, and a line on standard error says so.
            dev.json in the data directory lists what runs. Ctrl-C or SIGTERM stops all of it.

            With --ha any one process may die: three RabbitMQ nodes in a cluster, PostgreSQL with a synchronous standby that is \
            promoted when the primary dies or hangs, Redis with a replica and three Sentinels, two gateways behind nginx, two \
            projectors. A data directory belongs to one of the two kinds.

            With --autoscale gateways and projectors come and go with the load, between the number that it starts with and \
            TIDEMARK_AUTOSCALER_GATEWAYS_MAXIMUM (8) and …_PROJECTORS_MAXIMUM (8). `tidemark autoscaler --help` names the rest.
            """)

    @Option(help: "Port that requests go to.")
    var port = 8080

    @Flag(help: "Run each server so often that one of it may die.")
    var ha = false

    @Option(help: "How many gateways (1; with --ha 2); with more than one, nginx stands in front.")
    var gateways: Int?

    @Option(help: "How many projectors (1; with --ha 2).")
    var projectors: Int?

    @Flag(help: "Add and remove gateways and projectors as the load asks for.")
    var autoscale = false

    @Option(help: ArgumentHelp("Where data is kept.", valueName: "directory"))
    var dataDir = ".tidemark"

    @Option(
        help: ArgumentHelp(
            "Partitions of a new store, 1 to 1,024 (\(DevStack.usualPartitions)); never changes afterwards.",
            valueName: "count"))
    var partitions: Int?

    @Option(name: .customLong("access"), help: ArgumentHelp(Setting.accessMode.help, valueName: "on|off"))
    var access = AccessMode.off

    @Option(help: ArgumentHelp(Setting.logLevel.help, valueName: "level"))
    var logLevel = "info"

    @Option(
        help: ArgumentHelp(
            "text or json (json): the logs of gateways and projectors, in roles in the data directory.",
            valueName: "format"))
    var logFormat = LogFormat.json

    @Flag(help: "Delete what is in the data directory first.")
    var fresh = false

    func validate() throws {
        guard (0...65_535).contains(port) else { throw ValidationError("--port takes 0 to 65535.") }
        guard (1...16).contains(gateways ?? 1) else { throw ValidationError("--gateways takes 1 to 16.") }
        guard (1...16).contains(projectors ?? 1) else { throw ValidationError("--projectors takes 1 to 16.") }
        if autoscale, access == .on {
            throw ValidationError("--autoscale reads /metrics without an access key: leave out --access on.")
        }
        guard (1...1_024).contains(partitions ?? 1) else { throw ValidationError("--partitions takes 1 to 1024.") }
    }

    func run() async throws {
        if port != 0 && !FreePort.isFree(port) {
            throw ValidationError("Port \(port) is in use. Stop what listens there, or pass --port.")
        }
        let directory = URL(fileURLWithPath: dataDir, isDirectory: true)
        var options = LocalStack.Options(dataDirectory: directory)
        options.fresh = fresh
        options.redundant = ha
        options.report = { line in Terminal.note(line) }
        let usual = ha ? 2 : 1
        let (gateways, projectors) = (gateways ?? usual, projectors ?? usual)
        let autoscaling = autoscale ? try await autoscaling(gateways: gateways, projectors: projectors) : nil
        let stack = DevStack(
            directory: directory.absoluteURL, port: port == 0 ? try FreePort.allocate() : port,
            gateways: gateways, projectors: projectors, autoscaling: autoscaling, partitions: partitions,
            access: access,
            logLevel: logLevel, logFormat: logFormat)

        let running = Task {
            try await LocalStack(options).run { endpoints, supervisor in
                let fleet = try await stack.start(endpoints, on: supervisor)
                print("ready http://127.0.0.1:\(stack.port)")
                fflush(nil)
                if let autoscaling {
                    try await HTTPClient.withHTTPClient { http in
                        await autoscaling.autoscaler(fleet, http: http) { Terminal.note("\($0)") }.run()
                    }
                }
            }
        }
        let signals = Task {
            for await _ in await UnixSignalsSequence(trapping: .sigterm, .sigint, .sighup) { running.cancel() }
        }
        defer { signals.cancel() }
        do {
            try await running.value
        } catch is CancellationError {
            return
        } catch {
            Terminal.note("tidemark dev: \(error)")
            throw ExitCode.failure
        }
    }

    /// What the environment says; no fewer than it starts with.
    private func autoscaling(gateways: Int, projectors: Int) async throws -> Autoscaling {
        do {
            return try await Settings(
                flags: [
                    .autoscalerGatewaysMinimum: String(gateways), .autoscalerProjectorsMinimum: String(projectors),
                ], file: nil
            ).autoscaling()
        } catch let error as Settings.Invalid {
            throw ValidationError(error.description)
        }
    }
}
