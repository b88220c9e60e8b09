import ArgumentParser
import Audit
import Commands
import EventLog
import Foundation

/// How fast a log is verified and replayed, against the time that the database alone needs to send the same rows.
struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Time verification and replay of a log, and a bare COPY of its rows.")

    @Option(help: "libpq connection string of a database with events.")
    var databaseURL: String

    @Option(help: "How often, in turns; the median counts.")
    var rounds = 3

    func run() async throws {
        let configuration = PostgresConfiguration(connectionString: databaseURL, applicationName: "tidemark-benchmarks")
        let cluster = try await ClusterDescription.load(configuration)
        let source = PostgresSnapshotSource(configuration)
        let jobs = ProcessInfo.processInfo.activeProcessorCount
        var figures: [String: [Double]] = [:]
        // The first round reads from the disk.
        for round in 0...rounds {
            for (name, work) in [
                ("copy_out", { try await copyOut(["events"]) }),
                (
                    "copy_out_parallel",
                    {
                        try await copyOut(
                            cluster.partitioner.partitions.map { "(SELECT * FROM events WHERE partition = \($0))" })
                    }
                ),
                ("verified", { try await verify(source, cluster, jobs) }),
                ("replayed", { try await replay(source, jobs) }),
            ] as [(String, () async throws -> Int)] {
                let began = ContinuousClock.now
                let events = try await work()
                let rate = Double(events) / ((ContinuousClock.now - began) / .seconds(1))
                if round > 0 { figures[name, default: []].append(rate) }
            }
        }
        for (name, rates) in figures.sorted(by: { $0.key < $1.key }) {
            print("\(name)_events_per_second=\(Int(rates.sorted()[rates.count / 2]))")
        }
    }

    private func copyOut(_ tables: [String]) async throws -> Int {
        try await withThrowingTaskGroup(of: Int.self) { group in
            for table in tables {
                group.addTask {
                    try await withCheckedThrowingContinuation { continuation in
                        Thread {
                            continuation.resume(with: Result { try PostgresSession(databaseURL).copyOut(table) })
                        }.start()
                    }
                }
            }
            return try await group.reduce(0, +)
        }
    }

    private func verify(
        _ source: PostgresSnapshotSource, _ cluster: ClusterDescription, _ jobs: Int
    ) async throws -> Int {
        var options = VerificationOptions()
        options.jobs = jobs
        let report = try await Verification(source, partitioner: cluster.partitioner, options: options).run()
        if let first = report.divergences.first { throw first }
        return Int(report.events)
    }

    private func replay(_ source: PostgresSnapshotSource, _ jobs: Int) async throws -> Int {
        let positions = try await LogPoint.now.positions(in: source, now: SystemWallClock().now())
        return try await withThrowingTaskGroup(of: Int.self) { group in
            var waiting = positions
            func next() {
                guard let position = waiting.popLast() else { return }
                group.addTask {
                    _ = try await Replay(source).fold(position, into: 0) { bytes, row in bytes += row[.value].count }
                    return Int(position.sequence)
                }
            }
            for _ in 0..<jobs { next() }
            var events = 0
            while let done = try await group.next() {
                events += done
                next()
            }
            return events
        }
    }
}
