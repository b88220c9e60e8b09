import ArgumentParser
import Commands
import EventLog

struct DeadDropCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drop",
        abstract: "Give a dead letter up for good.",
        discussion: """
            It stays on record, with who dropped it and why; the command's status stays dead. Commands that were held behind \
            it are applied. Exit status 3: there is no such dead letter; 4: it is dropped already, or being tried again.
            """)

    @Argument(help: "The command's id.")
    var id: String

    @Option(help: ArgumentHelp("Why, for the record.", valueName: "text"))
    var reason: String

    @OptionGroup var decider: DeciderOption
    @OptionGroup var options: DeadOptions

    func validate() throws {
        _ = try DeadOptions.id(id)
        if reason.isEmpty { throw ValidationError("--reason says why; it can't be empty.") }
    }

    func run() async throws {
        let id = try DeadOptions.id(id)
        try await options.run { desk in
            let dropped = try await desk.drop(id, by: decider.name, because: reason)
            guard let record = try await desk.show(id)?.record else { throw DeadOptions.unknown(id) }
            guard dropped else {
                throw CommandFailure(
                    .preconditionFailed,
                    "The dead letter \(id) can't be dropped: it is in the state \(record.state.rawValue).")
            }
            switch options.output {
            case .json: try Terminal.print(json: DeadLetterReport(record))
            case .text: try Terminal.print("dropped \(id)")
            }
        }
    }
}
