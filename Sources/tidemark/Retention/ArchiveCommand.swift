import ArgumentParser
import Commands
import EventLog
import Foundation
import Retention

struct ArchiveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "archive",
        abstract: "Move the values of old events from the database to compressed files.",
        discussion: """
            Events that were applied before the time are written to files in the directory, whole, each file with its SHA-256 \
            and the partition's tree before and after. Each file is brought to disk and read back; then the values leave the \
            database, but for those that their keys still have. Positions, authors, commitments and leaves stay there, so that \
            histories, trees and proofs hold without the archive.

            All of an archive is in one directory. A run that was interrupted is completed by the next one. Gateways read past \
            values from the archive when `archive.directory` is set for them. The database gives disk space back by itself, \
            later: PostgreSQL by VACUUM, CockroachDB after gc.ttlseconds.

            EXAMPLES
              tidemark audit archive --before 2026-01-01T00:00:00Z --to /srv/tidemark/archive
              tidemark audit archive --older-than 90 --to /srv/tidemark/archive --output json
            """)

    @Option(help: ArgumentHelp("Events applied before this, in RFC 3339.", valueName: "time"))
    var before: String?

    @Option(help: ArgumentHelp("In place of --before: events older than so many days.", valueName: "days"))
    var olderThan: Double?

    @Option(help: ArgumentHelp("The archive's directory, else the setting archive.directory.", valueName: "directory"))
    var to: String?

    @OptionGroup var tool: OperatorOptions

    func validate() throws { _ = try bound() }

    private func bound() throws -> Timestamp {
        let now = SystemWallClock().now()
        let time: Timestamp
        switch (before, olderThan) {
        case (let text?, nil):
            guard let parsed = Timestamp(rfc3339: text) else {
                throw ValidationError("--before: \"\(text)\" is no RFC 3339 time, such as 2026-01-01T00:00:00Z.")
            }
            time = parsed
        case (nil, let days?) where days >= 0:
            time = now + .microseconds(-Int64(days * 86_400_000_000))
        default: throw ValidationError("Say --before TIME, or --older-than DAYS.")
        }
        guard time <= now else { throw ValidationError("--before is in the future: what comes till then is not old.") }
        return time
    }

    func run() async throws {
        let bound = try bound()
        try await tool.run([.archiveDirectory: to]) { settings in
            let cluster = try await settings.migrate(application: "tidemark-migrate") { _ in }
            guard let archive = settings.archive(cluster) else {
                throw ValidationError("Name the archive's directory with --to, or set archive.directory.")
            }
            let store = PostgresRetentionStore(settings.retentionDatabase())
            do {
                try await move(cluster.partitioner, before: bound, Archiver(store: store, archive: archive))
            } catch {
                await store.close()
                throw error
            }
            await store.close()
        }
    }

    private func move(_ partitioner: Partitioner, before bound: Timestamp, _ archiver: Archiver) async throws {
        let isTerminal = isatty(STDERR_FILENO) == 1
        let lock = try await archiver.begin()
        defer { withExtendedLifetime(lock) {} }
        for partition in partitioner.partitions {
            let report = try await archiver.archive(partition, before: bound) { report in
                guard isTerminal else { return }
                Terminal.note(
                    "partition \(partition): \(Figures.count(Int(report.events))) events in \(report.files) files")
            }
            switch tool.output {
            case .json: try Terminal.print(json: Line(report))
            case .text:
                try Terminal.print(
                    "partition \(partition): \(report.events) events in \(report.files) files, \(report.values) values left "
                        + "the log; archived up to \(report.last)")
            }
        }
    }

    private struct Line: Encodable {
        var partition: Int
        var files: Int
        var events: UInt64
        var values: Int
        var archivedThrough: UInt64

        private enum CodingKeys: String, CodingKey {
            case partition, files, events, values
            case archivedThrough = "archived_through"
        }

        init(_ report: Archiver.Report) {
            partition = report.partition.number
            files = report.files
            events = report.events
            values = report.values
            archivedThrough = report.last
        }
    }
}
