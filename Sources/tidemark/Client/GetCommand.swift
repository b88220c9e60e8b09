import ArgumentParser
import Foundation
import TidemarkClient

struct GetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get",
        abstract: "Read a value: its bytes, as they were written, on standard output.",
        discussion: """
            A read sees what this tool wrote before (see --no-session). Exit status 3: no such key.

            EXAMPLES
              tidemark get colour
              tidemark get photos/1 > photo.png
              tidemark get colour --version 7
              tidemark get colour --at 2026-01-31T12:00:00Z
              tidemark get colour --consistency linearizable
              tidemark get colour --output json               # with all that is known of it
            """)

    @Argument(help: "The key.")
    var key: String

    @Option(help: ArgumentHelp("The value as it was at this version.", valueName: "n"))
    var version: UInt64?

    @Option(help: ArgumentHelp("The value as it was at this time, in RFC 3339.", valueName: "time"))
    var at: String?

    @Option(help: "How fresh the answer must be.")
    var consistency: Consistency?

    @OptionGroup var wait: ReadWaitOption
    @OptionGroup var client: ClientOptions

    func validate() throws {
        try KeyArgument.check(key)
        if version != nil, at != nil { throw ValidationError("Give --version or --at, not both.") }
    }

    func run() async throws {
        let point: ReadPoint = version.map { .version($0) } ?? at.map { .timestamp($0) } ?? .latest
        try await client.run { tidemark, session in
            guard
                let value = try await tidemark.get(
                    key, at: point, consistency: consistency, wait: wait.duration, in: session)
            else {
                throw CommandFailure(
                    .notFound, point == .latest ? "There is no key \"\(key)\"." : "The key \"\(key)\" was absent then.")
            }
            switch client.output {
            case .text: try Terminal.write(value.bytes)
            case .json: try Terminal.print(json: Report(key: key, value: value))
            }
        }
    }

    private struct Report: Encodable {
        var key: String
        var value: StoredValue

        private enum CodingKeys: String, CodingKey {
            case key, version, size
            case contentType = "content_type"
            case lastModified = "last_modified"
            case cacheStatus = "cache_status"
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(key, forKey: .key)
            try container.encode(value.version, forKey: .version)
            try container.encode(value.bytes.count, forKey: .size)
            try container.encode(value.contentType, forKey: .contentType)
            try container.encodeIfPresent(value.lastModified, forKey: .lastModified)
            try container.encodeIfPresent(value.cacheStatus, forKey: .cacheStatus)
            try Content(value.bytes).encode(to: encoder)
        }
    }
}
