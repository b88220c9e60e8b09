import ArgumentParser
import Audit
import Commands
import EventLog
import Foundation
import Retention
import TidemarkClient

/// What tools that read the database have in common.
struct LogToolOptions: ParsableArguments {
    @OptionGroup var role: RoleOptions

    @Option(help: ArgumentHelp(Setting.archiveDirectory.help, valueName: "directory"))
    var archive: String?

    @Option(help: "What is printed: text for people, or JSON for programs.")
    var output: OutputFormat = .text

    struct Log: Sendable {
        var settings: Settings
        var cluster: ClusterDescription
        /// With the values that are in the archive, where it is at hand.
        var source: ArchivedSource
        var archive: Archive?
    }

    /// Opens the log, and makes of every error a sentence and an exit status.
    func run(application: String, _ body: (Log) async throws -> Void) async throws {
        let settings = try await role.settings([.archiveDirectory: archive])
        if role.printConfig { return print(settings.masked) }
        try settings.bootstrapLogging()
        try await Self.reporting {
            let configuration = settings.postgres(application: application)
            let cluster = try await ClusterDescription.load(configuration)
            let store = PostgresRetentionStore(configuration)
            let entries = try await store.archives()
            await store.close()
            let archive = settings.archive(cluster)
            let source = ArchivedSource(PostgresSnapshotSource(configuration), archive: archive, entries: entries)
            try await body(Log(settings: settings, cluster: cluster, source: source, archive: archive))
        }
    }

    static func reporting(_ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch let error as EventLogError {
            let cause = error.metadata["database.message"]
            throw report(CommandFailure(.failed, error.message, hint: cause.map { "The database says: \($0)" }))
        } catch let error as MalformedNote {
            throw report(CommandFailure(.failed, error.description))
        } catch let error as Divergence {
            throw report(CommandFailure(.failed, error.sentence))
        } catch let error as RetentionError {
            throw report(CommandFailure(.failed, error.description))
        } catch let error as SpoolFailure {
            throw report(CommandFailure(.failed, error.description))
        } catch let error as TidemarkError {
            throw report(CommandFailure(error))
        } catch let error as CommandFailure {
            throw report(error)
        } catch let error as CocoaError {
            throw report(CommandFailure(.failed, error.localizedDescription))
        }
    }

    private static func report(_ failure: CommandFailure) -> ExitCode {
        Terminal.note(failure.text)
        return failure.status.code
    }
}

/// A public key on the command line: itself, or the file that has it.
enum PublicKeyArgument {
    static let help = ArgumentHelp("The public key of `tidemark audit keygen`, or the file with it.", valueName: "key")

    static func load(_ argument: String) throws -> NoteVerifier {
        try NoteVerifier(
            FileManager.default.fileExists(atPath: argument)
                ? String(decoding: try Terminal.read(argument, what: "the key"), as: UTF8.self) : argument)
    }
}

extension Divergence {
    var sentence: String {
        let place = sequence == 0 ? "partition \(partition)" : "partition \(partition), event \(sequence)"
        let shown = fields.count > 4 ? table.rawValue : "\(table.rawValue).\(field)"
        return "\(place)\(key.map { ", key \"\($0)\"" } ?? ""): \(shown): \(detail)"
    }
}
