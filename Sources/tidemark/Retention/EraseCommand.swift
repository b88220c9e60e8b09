import ArgumentParser
import Commands
import EventLog
import Foundation
import Retention

struct EraseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "erase",
        abstract: "Destroy the values of a key, past and present, for good.",
        discussion: """
            The values and their salts go from the log, the projection, the cache, the archive and dead letters. What stays is \
            that they were written, when and by whom, and the record of the erasure with its reason: `tidemark history KEY` \
            shows both, and the audit trail still verifies. There is no way back.

            It needs the database and RabbitMQ (--database-url, --amqp-url or the settings), not a gateway, and a projector \
            that runs. What was acknowledged before is applied first and erased too; what is written afterwards stays. Safe to \
            run again. Backups, replicas of the database's files and copies that somebody else took are out of its reach.

            Exit status 3: there is nothing to erase.

            EXAMPLES
              tidemark erase customers/4711 --reason 'Art. 17 request of 2026-11-20'
              tidemark erase --prefix customers/4711/ --reason 'contract ended' --by dpo@example.org --yes
              tidemark erase colour --versions 3..17 --reason 'leaked token'
            """)

    @Argument(help: "The key.")
    var key: String?

    @Option(help: "All keys that begin with this.")
    var prefix: String?

    @Option(help: ArgumentHelp("Why; kept for ever, so no personal data.", valueName: "text"))
    var reason: String

    @Option(help: ArgumentHelp("Who, in the record; else the name you are logged in by.", valueName: "name"))
    var by: String?

    @Option(
        help: ArgumentHelp(
            "Only these versions: 7, 3..17, 3.. or ..17. The current value goes if it is one of them.",
            valueName: "a..b"))
    var versions: VersionRange?

    @Flag(name: .shortAndLong, help: "Don't ask.")
    var yes = false

    @Option(help: ArgumentHelp("Seconds to wait for each erasure to be applied.", valueName: "s"))
    var timeout = 60

    @Option(help: ArgumentHelp(Setting.archiveDirectory.help, valueName: "directory"))
    var archive: String?

    @OptionGroup var tool: OperatorOptions

    func validate() throws {
        guard (key == nil) != (prefix == nil) else { throw ValidationError("Name a key, or a --prefix.") }
        if let key { try KeyArgument.check(key) }
        if prefix == "" { throw ValidationError("--prefix: an empty prefix is everything; drop the database instead.") }
        if prefix != nil, versions != nil { throw ValidationError("--versions are of one key.") }
        if reason.isEmpty || reason.utf8.count > 1_000 || reason.utf8.contains(0) {
            throw ValidationError("--reason takes 1 to 1,000 bytes of text.")
        }
        if Erasure(record: reason).reason != reason {
            throw ValidationError(
                "--reason begins like the list of versions in an erasure's record: say it in other words.")
        }
        if timeout < 1 { throw ValidationError("--timeout takes seconds, at least 1.") }
        if !yes, isatty(STDIN_FILENO) == 0 { throw ValidationError("Nobody to ask here: confirm with --yes.") }
    }

    func run() async throws {
        try await tool.run([.archiveDirectory: archive]) { settings in
            let connection = try await OperatorConnection(settings)
            do {
                try await erase(connection, archive: settings.archive(connection.cluster))
            } catch {
                await connection.close()
                throw error
            }
            await connection.close()
        }
    }

    private func erase(_ connection: OperatorConnection, archive: Archive?) async throws {
        let partitioner = connection.cluster.partitioner
        let timeout = Duration.seconds(timeout)
        let single = try key.map { try Key($0) }
        try await connection.settle(
            single.map { [partitioner.partition(of: $0)] } ?? partitioner.partitions, timeout: timeout)
        try confirm()
        let principal = by ?? NSUserName()
        let erasure = Erasure(reason: reason, first: versions?.first ?? 1, last: versions?.last)
        let eraser = Eraser(store: connection.store, partitioner: partitioner, archive: archive) { key, erasure in
            try await connection.send(erasure, of: key, by: principal, timeout: timeout)
        }
        var erased = 0
        if let single {
            erased += try report(try await eraser.erase(single, erasure))
        } else if let prefix {
            let archived = try await eraser.erase(prefix: prefix, erasure) { erased += try report($0) }
            if archived > 0 { Terminal.note("\(archived) values destroyed in the archive") }
            erased += archived
        }
        if erased == 0 { throw CommandFailure(.notFound, "There is nothing to erase.") }
    }

    private func confirm() throws {
        if yes { return }
        let what = key.map { "the key \"\($0)\"" } ?? "all keys that begin with \"\(prefix ?? "")\""
        let which = versions.map { "versions \($0.description)" } ?? "every value"
        Terminal.note("This destroys \(which) of \(what), for good. Type yes to go on:")
        guard readLine() == "yes" else { throw CommandFailure(.failed, "Nothing was erased.") }
    }

    /// - Returns: 1 when something was destroyed.
    private func report(_ report: Eraser.Report) throws -> Int {
        guard report.erasedAnything else { return 0 }
        switch tool.output {
        case .json: try Terminal.print(json: Line(report))
        case .text: try Terminal.print(Line(report).text)
        }
        return 1
    }

    private struct Line: Encodable {
        var key: String
        var values: Int
        var archivedValues: Int
        var deadLetters: Int
        var partition: Int
        var record: UInt64?

        private enum CodingKeys: String, CodingKey {
            case key, values, partition, record
            case archivedValues = "archived_values"
            case deadLetters = "dead_letters"
        }

        init(_ report: Eraser.Report) {
            key = report.key.text
            values = report.values
            archivedValues = report.archivedValues
            deadLetters = report.deadLetters
            partition = report.partition.number
            record = report.record
        }

        var text: String {
            var text = "\(key): \(values) values"
            if archivedValues > 0 { text += ", \(archivedValues) of them in the archive" }
            if deadLetters > 0 { text += ", \(deadLetters) dead letters" }
            return text + " destroyed" + (record.map { "; the record is version \($0) of its history" } ?? "")
        }
    }
}

/// `7`, `3..17`, `3..` or `..17`.
struct VersionRange: ExpressibleByArgument, CustomStringConvertible, Equatable {
    var first: UInt64
    var last: UInt64?

    init?(argument: String) {
        guard let dots = argument.range(of: "..") else {
            guard let version = UInt64(argument), version > 0, version <= Int64.max else { return nil }
            (first, last) = (version, version)
            return
        }
        let (lower, upper) = (argument[..<dots.lowerBound], argument[dots.upperBound...])
        guard let first = lower.isEmpty ? 1 : UInt64(lower), first > 0, first <= Int64.max else {
            return nil
        }
        self.first = first
        if !upper.isEmpty {
            guard let last = UInt64(upper), last >= first, last <= Int64.max else { return nil }
            self.last = last
        }
    }

    var description: String { "\(first)..\(last.map(String.init) ?? "")" }
}
