import ArgumentParser
import Commands
import EventLog

struct DeadRetryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry",
        abstract: "Have dead letters applied after all.",
        discussion: """
            The partition's owner applies the command, under its own id, within a second or so: exactly once, however many ask. \
            Its precondition is judged then. A command that was held behind another one follows by itself.

            A line has command id and what became of it: applied, rejected (its precondition did not hold), dead (it failed \
            again) or retry (no projector has come to it yet), with tabs between. Exit status: 1 some failed again, 3 there is \
            no such dead letter, 4 it is dropped or held behind another, 5 no projector came to it in time.
            """)

    @Argument(help: "The command's id.")
    var id: String?

    @Flag(help: "All that wait for a decision.")
    var all = false

    @Option(
        help: ArgumentHelp("How long to wait for what becomes of them, in seconds.", valueName: "s"))
    var wait = 10

    @OptionGroup var decider: DeciderOption
    @OptionGroup var options: DeadOptions

    func validate() throws {
        if (id == nil) != all { throw ValidationError("Name a command's id, or --all.") }
        if let id { _ = try DeadOptions.id(id) }
        if wait < 0 { throw ValidationError("--wait takes seconds, at least 0.") }
    }

    func run() async throws {
        let id = try id.map(DeadOptions.id)
        try await options.run { desk in
            if let id { try await check(id, desk) }
            var left = try await desk.retry(id.map { [$0] }, by: decider.name)
            // Another one asked first, and it has not ended.
            if let id, left.isEmpty { left = [id] }
            let deadline = ContinuousClock.now + .seconds(wait)
            var worst = ExitStatus.done
            while true {
                var waiting: [CommandID] = []
                for id in left {
                    guard let status = try await self.status(of: id, desk) else {
                        waiting.append(id)
                        continue
                    }
                    if status == "dead" { worst = .failed }
                    try report(id, status)
                }
                left = waiting
                if left.isEmpty || ContinuousClock.now >= deadline { break }
                try await Task.sleep(for: .milliseconds(200))
            }
            for id in left { try report(id, "retry") }
            if worst == .failed {
                throw CommandFailure(.failed, "Not everything could be applied; `dead show` tells why.")
            }
            if !left.isEmpty {
                throw CommandFailure(
                    .inconclusive,
                    "No projector has come to \(left.count) of them yet; they will be tried when one does.")
            }
        }
    }

    private func check(_ id: CommandID, _ desk: DeadLetterDesk) async throws {
        guard let record = try await desk.show(id)?.record else { throw DeadOptions.unknown(id) }
        if record.state == .dropped { throw CommandFailure(.preconditionFailed, "The dead letter \(id) was dropped.") }
        if record.isHeld {
            throw CommandFailure(
                .preconditionFailed,
                "The command \(id) is held behind another one of its key, and follows it by itself.",
                hint: "`tidemark dead list` shows the one before it: retry or drop that.")
        }
    }

    /// - Returns: `nil` while its owner has not come to it.
    private func status(of id: CommandID, _ desk: DeadLetterDesk) async throws -> String? {
        switch try await desk.outcome(of: id)?.result {
        case .put, .deleted, .barrier: return "applied"
        case .rejected: return "rejected"
        case .dead, nil:
            // In between, the letter may have become an event.
            guard let record = try await desk.show(id)?.record else { return nil }
            return record.state == .retry ? nil : record.state.rawValue
        }
    }

    private struct Line: Encodable {
        var command: String
        var status: String
    }

    private func report(_ id: CommandID, _ status: String) throws {
        switch options.output {
        case .json: try Terminal.print(json: Line(command: id.description, status: status))
        case .text: try Terminal.print(columns: [id.description, status])
        }
    }
}
