import ArgumentParser
import Commands
import EventLog

struct DeadListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List dead letters, the oldest first.",
        discussion: """
            A line has command id, state (dead, retry, dropped), time, key and reason, with tabs between. A command whose \
            reason is held-behind waits for another one of its key.
            """)

    @Option(help: "Only of keys that start with this.")
    var prefix = ""

    @OptionGroup var options: DeadOptions

    func run() async throws {
        try await options.run { desk in
            for record in try await desk.list(prefix: prefix) {
                switch options.output {
                case .json: try Terminal.print(json: DeadLetterReport(record))
                case .text:
                    try Terminal.print(columns: [
                        record.command.description, record.state.rawValue, record.diedAt.rfc3339, record.key.text,
                        record.reason,
                    ])
                }
            }
        }
    }
}
