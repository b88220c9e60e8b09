import ArgumentParser
import Foundation
import TidemarkClient

struct UndeleteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "undelete",
        abstract: "Write a value again that the key had before, as a new event.",
        discussion: """
            Without --version it is the last value, and the key must have none now. With --version the key may have another value, \
            which is replaced if nobody else writes meanwhile. A value that has expired comes back without an expiry.

            EXAMPLES
              tidemark undelete colour --wait 5
              tidemark undelete colour --version 7 --wait 5
            """)

    @Argument(help: "The key.")
    var key: String

    @Option(help: ArgumentHelp("The value as it was at this version.", valueName: "n"))
    var version: UInt64?

    @OptionGroup var wait: WaitOption
    @OptionGroup var client: ClientOptions

    func validate() throws { try KeyArgument.check(key) }

    func run() async throws {
        let name = UUID().uuidString
        try await client.run(idempotencyKey: name) { tidemark, session in
            let present = try await tidemark.get(key, consistency: .applied, in: session)
            if let present, version == nil {
                throw CommandFailure(
                    .preconditionFailed, "The key \"\(key)\" has a value, version \(present.version).",
                    hint: "Name the version to go back to with --version.")
            }
            let wanted: UInt64
            if let version { wanted = version } else { wanted = try await lastPut(tidemark, session) }
            guard let past = try await tidemark.get(key, at: .version(wanted), in: session) else {
                throw CommandFailure(
                    .notFound, "The key \"\(key)\" had no value at version \(wanted).",
                    hint: "`tidemark history` lists its versions.")
            }
            let options = WriteOptions(
                precondition: present.map { .version($0.version) } ?? .absent, wait: wait.duration, idempotencyKey: name
            )
            let receipt = try await tidemark.put(
                past.bytes, for: key, contentType: past.contentType, options: options, in: session)
            try WriteReport(receipt, key: key).print(client.output)
        }
    }

    private func lastPut(_ tidemark: TidemarkClient, _ session: Session?) async throws -> UInt64 {
        var last: UInt64?
        var next: UInt64?
        repeat {
            let page = try await tidemark.history(of: key, after: next, limit: 1_000, values: false, in: session)
            last = page.events.last { $0.kind == "put" }?.version ?? last
            next = page.next
        } while next != nil
        guard let last else { throw CommandFailure(.notFound, "The key \"\(key)\" never had a value.") }
        return last
    }
}
