import ArgumentParser
import Commands
import EventLog
import Foundation

/// What the commands about dead letters have in common: they work on the database itself.
struct DeadOptions: ParsableArguments {
    @OptionGroup var role: RoleOptions

    @Option(help: "What is printed: text for people, or JSON for programs.")
    var output: OutputFormat = .text

    /// Lends the desk, and makes of every error a sentence and an exit status.
    func run(_ body: (DeadLetterDesk) async throws -> Void) async throws {
        let settings = try await role.settings()
        if role.printConfig { return print(settings.masked) }
        try await settings.runningTool {
            let database = settings.postgres(application: "tidemark-dead")
            let cluster = try await ClusterDescription.load(database)
            try await body(DeadLetterDesk(database, partitioner: cluster.partitioner))
        }
    }

    static func id(_ text: String) throws -> CommandID {
        guard let id = CommandID(text) else { throw ValidationError("\"\(text)\" is not a command's id.") }
        return id
    }

    static func unknown(_ id: CommandID) -> CommandFailure {
        CommandFailure(.notFound, "There is no dead letter \(id).", hint: "`tidemark dead list` shows those there are.")
    }
}

/// Who decides, for the record.
struct DeciderOption: ParsableArguments {
    @Option(
        help: ArgumentHelp("Who decides this, for the record (the user's name).", valueName: "name"))
    var by: String?

    var name: String { by ?? NSUserName() }
}
