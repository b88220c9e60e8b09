import ArgumentParser
import Audit
import Commands
import EventLog
import Foundation
import Retention
import TidemarkClient

struct ReplayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract:
            "Reproduce the state of a moment from the log: into a file, another database, or another live Tidemark.",
        discussion: """
            Only events are read, not the projection. A moment is a time in RFC 3339, or sequences of partitions: 0:120,1:98; without \
            one it is now.

              FILE.ndjson, -       a line for each value, as `tidemark import` reads them
              postgresql://…       the log itself up to there, with its trees and projection: an empty
                                   database becomes a cluster of its own. Nothing else may write to it. A copy that was
                                   interrupted goes on when the same command is given again. With --prefix the events
                                   of these keys alone, as a log of their own: versions and trees are new, all else stays
              http://…, https://…  each value is written by a client. Keys that the target has besides stay there

            EXAMPLES
              tidemark replay --at 2026-01-31T12:00:00Z --into yesterday.ndjson
              tidemark replay --at 2026-01-31T12:00:00Z --prefix photos/ --into http://127.0.0.1:8080
              tidemark replay --sequence 0:120,1:98 --into postgresql://127.0.0.1/copy
              tidemark replay --prefix photos/ --into postgresql://127.0.0.1/photos
            """)

    @Option(help: ArgumentHelp("The state at this time.", valueName: "time"))
    var at: LogPoint?

    @Option(help: ArgumentHelp("The state at these sequences.", valueName: "p:n,…"))
    var sequence: LogPoint?

    @Option(help: "Only keys that start with this.")
    var prefix = ""

    @Option(help: ArgumentHelp("Where to: a file, - for standard output, or a URL.", valueName: "target"))
    var into: String

    @Option(help: ArgumentHelp("Threads, each with a connection; else as many as processors.", valueName: "n"))
    var jobs: Int?

    @Option(help: ArgumentHelp("MiB for the states of keys; beyond that, temporary files.", valueName: "mib"))
    var memory = 256

    @Option(
        help: ArgumentHelp("For a live Tidemark: a file with the access token; else TIDEMARK_TOKEN.", valueName: "file")
    )
    var tokenFile: String?

    @OptionGroup var tool: LogToolOptions

    func validate() throws {
        if at != nil, sequence != nil { throw ValidationError("Give --at or --sequence, not both.") }
        if let jobs, !(1...64).contains(jobs) { throw ValidationError("--jobs takes 1 to 64.") }
        if memory < 1 { throw ValidationError("--memory takes MiB, at least 1.") }
        if isDatabase, ConnectionPassword.isIn(into) {
            throw ValidationError(
                "Whoever lists this machine's processes would read the password in --into: give it in PGPASSWORD or ~/.pgpass."
            )
        }
        if isLive { _ = try client() }
    }

    private var isDatabase: Bool { into.hasPrefix("postgresql://") || into.hasPrefix("postgres://") }
    private var isLive: Bool { into.hasPrefix("http://") || into.hasPrefix("https://") }

    private func client() throws -> ClientOptions {
        do {
            return try ClientOptions.parse(["--url", into] + (tokenFile.map { ["--token-file", $0] } ?? []))
        } catch {
            throw ValidationError(ClientOptions.message(for: error))
        }
    }

    func run() async throws {
        try await tool.run(application: "tidemark-replay") { log in
            let positions: [LogPoint.Position]
            do {
                positions = try await (at ?? sequence ?? .now).positions(in: log.source, now: SystemWallClock().now())
            } catch let error as LogPoint.Beyond {
                throw error.failure
            }
            let began = ContinuousClock.now
            var report: ReplayReport
            if isDatabase {
                report = try await copy(log, positions)
            } else if isLive {
                let file = FileManager.default.temporaryDirectory.appending(
                    path: "tidemark-replay-\(UUID().uuidString)")
                defer { try? FileManager.default.removeItem(at: file) }
                report = try await write(log, positions, to: file.path(percentEncoded: false))
                try await send(file.path(percentEncoded: false))
            } else {
                report = try await writeWhole(log, positions)
            }
            report.finish(seconds: (ContinuousClock.now - began) / .seconds(1), into: into)
            switch tool.output {
            // Standard output may hold the records.
            case .text: Terminal.note(report.text)
            case .json: Terminal.note(report.json)
            }
        }
    }

    private var threads: Int { jobs ?? ProcessInfo.processInfo.activeProcessorCount }

    /// The file is there in full, or not at all.
    private func writeWhole(_ log: LogToolOptions.Log, _ positions: [LogPoint.Position]) async throws -> ReplayReport {
        if into == "-" { return try await write(log, positions, to: into) }
        let draft = "\(into).\(getpid())"
        do {
            let report = try await write(log, positions, to: draft)
            guard rename(draft, into) == 0 else {
                throw CommandFailure(.failed, "Can't replace \(into): \(String(cString: strerror(errno))).")
            }
            return report
        } catch {
            unlink(draft)
            throw error
        }
    }

    private func write(
        _ log: LogToolOptions.Log, _ positions: [LogPoint.Position], to path: String
    ) async throws -> ReplayReport {
        let file = try RecordFile(path)
        let replay = Replay(log.source, prefix: prefix, memory: (memory << 20) / threads)
        let progress = VerificationProgress()
        let events = positions.reduce(0) { $0 + $1.sequence }
        // Each is read twice.
        progress.expect(events * 2)
        let began = ContinuousClock.now
        try await ProgressLine.shown {
            ProgressLine.text(done: progress.events / 2, of: progress.total / 2, unit: "events", since: began)
        } of: {
            try await withThrowingTaskGroup(of: Void.self) { group in
                var waiting = positions
                func replayNext() {
                    guard let position = waiting.popLast() else { return }
                    group.addTask {
                        var part = try await replay.fold(position, into: RecordFile.Part(), read: progress.add) {
                            try file.add($1, to: &$0)
                        }
                        try file.flush(&part)
                    }
                }
                for _ in 0..<threads { replayNext() }
                while try await group.next() != nil { replayNext() }
            }
        }
        try file.close()
        return ReplayReport(events: events, values: file.records)
    }

    private func copy(_ log: LogToolOptions.Log, _ positions: [LogPoint.Position]) async throws -> ReplayReport {
        var target = log.settings.postgres(application: "tidemark-replay")
        target.connectionString = into
        // The password in the settings is the source's.
        target.password = nil
        try await Migrator.migrate(target, partitions: log.cluster.partitioner.partitions.count)
        let store = PostgresEventStore(target, connections: 1)
        let copy = LogCopy(from: log.source, to: PostgresSnapshotSource(target), through: store, prefix: prefix)
        let progress = VerificationProgress()
        let events = positions.reduce(0) { $0 + $1.sequence }
        progress.expect(events)
        let began = ContinuousClock.now
        let copied: Int
        do {
            copied = try await ProgressLine.shown {
                ProgressLine.text(done: progress.events, of: progress.total, unit: "events", since: began)
            } of: {
                try await copy.run(to: positions, read: progress.add)
            }
        } catch {
            await store.close()
            if let other = error
                as? LogCopy<ArchivedSource, PostgresSnapshotSource, PostgresEventStore>.OtherHistory
            {
                throw CommandFailure(
                    .failed,
                    "In the target, partition \(other.partition) has \(other.sequence) events of another history.",
                    hint: "Give an empty database, or the one that was begun with this log and this --prefix.")
            }
            throw error
        }
        await store.close()
        return ReplayReport(events: events, copied: prefix.isEmpty ? nil : copied)
    }

    private func send(_ file: String) async throws {
        // Longer than for a single call, as an import.
        let retry = RetryPolicy(attempts: 20, firstPause: .milliseconds(100), longestPause: .seconds(5))
        try await client().run(sessionless: true, retry: retry) { tidemark, _ in
            let options = ImportRun.Options(
                file: file, statePath: nil, lanes: 4, limits: ImportLane.Limits(), keepsGoing: false, rewrites: true,
                applyTimeout: .seconds(600))
            var run = try await ImportRun(
                options, client: tidemark, retry: retry, isTerminal: isatty(STDERR_FILENO) == 1)
            _ = try await run.run()
        }
    }
}
