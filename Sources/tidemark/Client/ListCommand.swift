import ArgumentParser
import Foundation
import TidemarkClient

struct ListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List keys, in key order.",
        discussion: """
            Pages through all of them by itself. A line has the key, its version, size in bytes and content type, with \
            tabs between; with --values the value follows, with its tabs and line ends escaped.

            EXAMPLES
              tidemark list
              tidemark list photos/ --limit 20
              tidemark list --values --output json
            """)

    @Argument(help: "Only keys that start with this.")
    var prefix: String = ""

    @Flag(help: "With the values.")
    var values = false

    @Option(help: ArgumentHelp("At most this many keys.", valueName: "n"))
    var limit: Int?

    @Option(help: ArgumentHelp("Only keys after this one.", valueName: "key"))
    var after: String?

    @Option(help: "How fresh the answer must be (linearizable is for single keys).")
    var consistency: Consistency?

    @OptionGroup var wait: ReadWaitOption
    @OptionGroup var client: ClientOptions

    func validate() throws {
        if let limit, limit < 1 { throw ValidationError("--limit is at least 1.") }
    }

    func run() async throws {
        try await client.run { tidemark, session in
            var left = limit ?? .max
            var next = after
            repeat {
                let page = try await tidemark.list(
                    prefix: prefix, after: next, limit: min(left, values ? 200 : 1_000), values: values,
                    consistency: consistency, wait: wait.duration, in: session)
                for item in page.items { try print(item) }
                left -= page.items.count
                next = page.next
            } while next != nil && left > 0
        }
    }

    private func print(_ item: ListPage.Item) throws {
        switch client.output {
        case .json: try Terminal.print(json: item)
        case .text:
            var columns = [item.key, String(item.version), String(item.size), item.contentType]
            if let value = item.value { columns.append(String(decoding: value, as: UTF8.self)) }
            try Terminal.print(columns: columns)
        }
    }
}
