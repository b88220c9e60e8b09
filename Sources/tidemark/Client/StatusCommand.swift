import ArgumentParser
import TidemarkClient

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Tell what became of a write.",
        discussion: """
            Prints pending, applied (with the version), rejected or dead (with the reason). Exit status: 0 pending or \
            applied, 1 rejected or dead, 3 no such command.

            EXAMPLES
              tidemark status 0193f1a2-7c3d-7e4f-8a5b-6c7d8e9f0a1b
              tidemark status 0193f1a2-7c3d-7e4f-8a5b-6c7d8e9f0a1b --wait 30
            """)

    @Argument(help: "The command's id, as `tidemark put` printed it.")
    var id: String

    @Option(help: ArgumentHelp("Ask again until it has ended, for at most so many seconds.", valueName: "s"))
    var wait: Int?

    @OptionGroup var client: ClientOptions

    func validate() throws {
        if let wait, wait < 0 { throw ValidationError("--wait takes seconds, at least 0.") }
    }

    func run() async throws {
        try await client.run { tidemark, _ in
            let deadline = ContinuousClock.now + .seconds(wait ?? 0)
            var pause = Duration.milliseconds(20)
            while true {
                guard let status = try await tidemark.status(of: id) else {
                    throw CommandFailure(.notFound, "No command \(id) was ever issued.")
                }
                if status.status != .pending || ContinuousClock.now + pause > deadline { return try report(status) }
                try await Task.sleep(for: pause)
                pause = min(pause * 2, .seconds(1))
            }
        }
    }

    private func report(_ status: CommandStatus) throws {
        switch client.output {
        case .json: try Terminal.print(json: status)
        case .text:
            let facts = [status.version.map { "version \($0)" }, status.key, status.reason].compactMap(\.self)
            try Terminal.print(([status.status.rawValue] + facts).joined(separator: " "))
        }
        if status.status == .rejected || status.status == .dead {
            throw CommandFailure(.failed, "The command was not applied\(status.reason.map { ": \($0)" } ?? "").")
        }
    }
}
