import ArgumentParser
import Foundation
import TidemarkClient

struct HistoryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history",
        abstract: "Tell what happened to a key, oldest first.",
        discussion: """
            A line has version, kind (put, deleted, rejected, expired, erased), time, principal, size in bytes and command id, \
            and why it was rejected or erased, with tabs between; - stands for what does not apply. Exit status 3: nothing \
            ever happened to this key.

            EXAMPLES
              tidemark history colour
              tidemark history colour --values --output json
            """)

    @Argument(help: "The key.")
    var key: String

    @Flag(help: "With the values; only in JSON.")
    var values = false

    @Option(help: ArgumentHelp("At most this many events.", valueName: "n"))
    var limit: Int?

    @Option(help: ArgumentHelp("Only events after this version.", valueName: "version"))
    var after: UInt64?

    @OptionGroup var wait: ReadWaitOption
    @OptionGroup var client: ClientOptions

    func validate() throws {
        try KeyArgument.check(key)
        if let limit, limit < 1 { throw ValidationError("--limit is at least 1.") }
        if values, client.output == .text { throw ValidationError("--values needs --output json.") }
    }

    func run() async throws {
        try await client.run { tidemark, session in
            var left = limit ?? .max
            var next = after
            var printed = 0
            repeat {
                let page = try await tidemark.history(
                    of: key, after: next, limit: min(left, values ? 200 : 1_000), values: values, wait: wait.duration,
                    in: session)
                for event in page.events { try print(event) }
                printed += page.events.count
                left -= page.events.count
                next = page.next
            } while next != nil && left > 0
            if printed == 0, after == nil {
                throw CommandFailure(.notFound, "Nothing ever happened to the key \"\(key)\".")
            }
        }
    }

    private func print(_ event: HistoryPage.Event) throws {
        switch client.output {
        case .json: try Terminal.print(json: event)
        case .text:
            let columns = [
                String(event.version), event.kind, event.time, event.principal ?? "-",
                event.size.map { String($0) } ?? "-", event.command ?? "-",
            ]
            try Terminal.print(columns: columns + [event.reason].compactMap(\.self))
        }
    }
}
