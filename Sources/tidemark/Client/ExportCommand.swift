import ArgumentParser
import Foundation
import TidemarkClient

struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Print keys with their values, one JSON document a line, as `tidemark import` reads them.",
        discussion: """
            Pages are read one after the other: writes that happen meanwhile may or may not be in them.

            EXAMPLES
              tidemark export > all.ndjson
              tidemark export --prefix photos/ | tidemark import - --url http://two:8080
            """)

    @Option(help: "Only keys that start with this.")
    var prefix: String = ""

    @Option(help: "How fresh the answer must be.")
    var consistency: Consistency?

    @OptionGroup var wait: ReadWaitOption
    @OptionGroup var client: ClientOptions

    func run() async throws {
        try await client.run { tidemark, session in
            var next: String?
            repeat {
                let page = try await tidemark.list(
                    prefix: prefix, after: next, limit: 200, values: true, consistency: consistency,
                    wait: wait.duration, in: session)
                for item in page.items {
                    guard let value = item.value else {
                        throw CommandFailure(.failed, "The server sent the key \"\(item.key)\" without its value.")
                    }
                    try Terminal.print(json: ImportRecord(key: item.key, value: value, contentType: item.contentType))
                }
                next = page.next
            } while next != nil
        }
    }
}
