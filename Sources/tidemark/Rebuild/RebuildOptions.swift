import ArgumentParser
import EventLog

/// What every `tidemark rebuild …` takes.
struct RebuildOptions: ParsableArguments {
    @OptionGroup var role: RoleOptions

    @Option(help: "What is printed: text for people, or JSON for programs.")
    var output: OutputFormat = .text

    /// Lends the database, and makes of what went wrong a sentence and the exit status.
    func run(_ body: (PostgresConfiguration) async throws -> Void) async throws {
        let settings = try await role.settings()
        if role.printConfig { return print(settings.masked) }
        try settings.bootstrapLogging()
        try await settings.reporting {
            do {
                try await body(settings.postgres(application: "tidemark-rebuild"))
            } catch let refusal as RebuildRefusal {
                Terminal.note("tidemark: \(refusal)")
                throw ExitStatus.preconditionFailed.code
            }
        }
    }

    func show(_ status: RebuildStatus) throws {
        let shown = RebuildStatusReport(status)
        switch output {
        case .text: try Terminal.print(shown.text)
        case .json: try Terminal.print(json: shown)
        }
    }
}
