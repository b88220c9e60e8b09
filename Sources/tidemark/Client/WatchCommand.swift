import ArgumentParser
import Foundation
import TidemarkClient
import UnixSignals

struct WatchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Tell what happens, as it happens.",
        discussion: """
            A line has time, kind (put, deleted, rejected, expired, erased), key, version, size in bytes and principal, with tabs \
            between; - stands for what does not apply. It goes on until Ctrl-C, whatever becomes of gateways and \
            connections, with nothing missed or repeated. In JSON each event has its position.

            With --state, the position is kept in a file, about every second and at the end; the next call goes on from \
            there. After a crash the events of the last second may come again.

            EXAMPLES
              tidemark watch
              tidemark watch photos/ --output json --values
              tidemark watch orders/ --after beginning --state orders.position
            """)

    @Argument(help: "Only keys that start with this.")
    var prefix: String = ""

    @Option(
        help: ArgumentHelp(
            "Begin after this position (as --output json tells it), or with \"beginning\"; else with what happens next.",
            valueName: "position")) var after: String?

    @Flag(help: "With the values; only in JSON.")
    var values = false

    @Option(
        help: ArgumentHelp(
            "Keep the position in this file, and begin there when it has one.", valueName: "file"))
    var state: String?

    @OptionGroup var client: ClientOptions

    func validate() throws {
        if values, client.output == .text { throw ValidationError("--values needs --output json.") }
    }

    func run() async throws {
        let start = try start()
        try await client.run(sessionless: true, retry: RetryPolicy(attempts: .max)) { tidemark, _ in
            let printer = ChangePrinter(
                feed: tidemark.changes(prefix: prefix, from: start, values: values), output: client.output, state: state
            )
            let watching = Task { try await printer.run() }
            let signals = Task {
                for await _ in await UnixSignalsSequence(trapping: .sigint, .sigterm) { watching.cancel() }
            }
            defer { signals.cancel() }
            do {
                try await watching.value
            } catch is CancellationError {
                try printer.keep(printer.feed.position)
            }
        }
    }

    private func start() throws -> Changes.Start {
        if let state, let kept = FileManager.default.contents(atPath: state) {
            return .after(String(decoding: kept, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines))
        }
        switch after {
        case nil: return .now
        case "beginning": return .beginning
        case let position?: return .after(position)
        }
    }
}

/// Prints a feed, and keeps its position if there is a file for it.
private struct ChangePrinter: Sendable {
    let feed: Changes
    let output: OutputFormat
    let state: String?

    func run() async throws {
        var kept = ContinuousClock.now
        for try await change in feed {
            try print(change)
            guard ContinuousClock.now - kept > .seconds(1) else { continue }
            try keep(change.position)
            kept = .now
        }
    }

    func keep(_ position: String?) throws {
        guard let state, let position else { return }
        try AtomicFile.write(Data((position + "\n").utf8), to: state)
    }

    private func print(_ change: Change) throws {
        switch output {
        case .json: try Terminal.print(json: change)
        case .text:
            let event = change.event
            try Terminal.print(columns: [
                event.time, event.kind, change.key, String(event.version), event.size.map { String($0) } ?? "-",
                event.principal ?? "-",
            ])
        }
    }
}
