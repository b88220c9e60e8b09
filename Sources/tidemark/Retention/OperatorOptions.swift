import ArgumentParser
import EventLog
import Foundation
import Gateway
import Logging
import Retention

/// How the operator's tools are told where the store is.
struct OperatorOptions: ParsableArguments {
    @OptionGroup var role: RoleOptions

    @Option(name: .customLong("amqp-url"), help: ArgumentHelp(Setting.amqpURL.help, valueName: "url"))
    var amqpURL: String?

    @Option(help: ArgumentHelp(Setting.namespace.help, valueName: "name"))
    var namespace: String?

    @Option(help: "What is printed: text for people, or JSON for programs.")
    var output: OutputFormat = .text

    /// Quiet unless asked: what a tool has to say it says itself.
    private func settings(_ more: [Setting: String?]) async throws -> Settings {
        var flags = more.merging([.amqpURL: amqpURL, .namespace: namespace]) { $1 }
        if role.logLevel == nil, ProcessInfo.processInfo.environment["TIDEMARK_LOG_LEVEL"] == nil {
            flags[.logLevel] = "critical"
        }
        return try await role.settings(flags)
    }

    /// Runs `body` with the settings, and makes of every error a sentence and an exit status.
    func run(
        _ flags: [Setting: String?] = [:], _ body: (Settings) async throws -> Void
    ) async throws {
        let settings = try await settings(flags)
        if role.printConfig { return print(settings.masked) }
        try await settings.runningTool {
            try settings.bootstrapLogging()
            try await body(settings)
        }
    }
}

extension Settings {
    /// The archive, if its directory is set.
    func archive(_ cluster: ClusterDescription) -> Archive? {
        optional(.archiveDirectory).map { Archive(URL(filePath: $0), cluster: cluster.id) }
    }

    /// The database, for statements that look at much.
    func retentionDatabase() -> PostgresConfiguration {
        var database = postgres(application: "tidemark-retention")
        database.statementTimeout = .seconds(60)
        database.answerTimeout = .seconds(75)
        return database
    }

    /// Makes of every error a sentence and an exit status.
    func runningTool(_ body: () async throws -> Void) async throws {
        func fail(_ failure: CommandFailure) -> ExitCode {
            Terminal.note(failure.text)
            return failure.status.code
        }
        try await reporting {
            do {
                try await body()
            } catch let error as CommandFailure {
                throw fail(error)
            } catch let error as RetentionError {
                throw fail(CommandFailure(.failed, error.description))
            } catch let error as GatewayError {
                throw fail(CommandFailure(.failed, error.detail))
            } catch let error as CocoaError {
                throw fail(CommandFailure(.failed, error.localizedDescription))
            }
        }
    }
}
