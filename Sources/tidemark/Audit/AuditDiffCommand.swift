import ArgumentParser
import Audit
import Commands
import EventLog
import Foundation
import Retention

struct AuditDiffCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Tell which keys changed between two moments, and who changed them last.",
        discussion: """
            + is a key that got a value, - one that lost it, ~ one whose value was written anew. A moment is a time in RFC 3339, or \
            sequences of partitions: 0:120,1:98. Only what happened between the two is read.

            EXAMPLES
              tidemark audit diff --from 2026-01-31T12:00:00Z
              tidemark audit diff --from 2026-01-31T12:00:00Z --to 2026-01-31T13:00:00Z --prefix photos/
              tidemark audit diff --from 0:120,1:98 --output json
            """)

    @Option(help: ArgumentHelp("The earlier moment.", valueName: "moment"))
    var from: LogPoint

    @Option(help: ArgumentHelp("The later moment; else now.", valueName: "moment"))
    var to: LogPoint = .now

    @Option(help: "Only keys that start with this.")
    var prefix = ""

    @OptionGroup var tool: LogToolOptions

    func run() async throws {
        try await tool.run(application: "tidemark-audit") { log in
            let now = SystemWallClock().now()
            var changes: [LogDifference<ArchivedSource>.Change] = []
            do {
                let before = try await from.positions(in: log.source, now: now)
                let after = try await to.positions(in: log.source, now: now)
                let difference = LogDifference(log.source, prefix: prefix)
                for (before, after) in zip(before, after) where before.sequence < after.sequence {
                    changes += try await difference.changes(from: before, to: after)
                }
            } catch let error as LogPoint.Beyond {
                throw error.failure
            }
            changes.sort { $0.key < $1.key }
            for change in changes {
                let line = Line(change)
                switch tool.output {
                case .text: try Terminal.print(line.text)
                case .json: try Terminal.print(json: line)
                }
            }
        }
    }

    private struct Line: Encodable {
        var key: String
        var before: UInt64?
        var after: UInt64?
        var principal: String
        var time: String

        init(_ change: LogDifference<ArchivedSource>.Change) {
            key = change.key.text
            before = change.before
            after = change.after
            principal = change.principal
            time = change.time.rfc3339
        }

        var text: String {
            let (sign, versions) =
                switch (before, after) {
                case (nil, let after?): ("+", "version \(after)")
                case (let before?, nil): ("-", "version \(before)")
                default: ("~", "version \(before ?? 0) → \(after ?? 0)")
                }
            return "\(sign) \(key)  \(versions)  \(time)  \(principal)"
        }
    }
}
