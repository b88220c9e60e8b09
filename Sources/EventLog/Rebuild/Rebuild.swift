package import Commands
import Foundation
import Synchronization

/// Makes the projection anew from the log beside the one that is served, compares, and swaps it in. What it does and why:
/// `docs/decisions/0017-rebuild-beside-the-live-projection.md`.
package struct Rebuild: Sendable {
    package struct Options: Sendable {
        /// Partitions that are built at once.
        package var jobs = 2
        /// Build and compare, and serve what was served.
        package var verifyOnly = false
        /// Serve the new generation though it differs.
        package var accept = false
        /// Rest while writes come in.
        package var givesWay = true

        package init() {}
    }

    private static let renewalInterval = Duration.milliseconds(500)
    private static let tries = 10

    private let configuration: PostgresConfiguration
    private let options: Options
    private let progress: RebuildProgress
    private let ledger: RebuildLedger
    private let pace = RebuildPace()

    private init(_ configuration: PostgresConfiguration, _ options: Options, _ progress: RebuildProgress) {
        self.configuration = configuration
        self.options = options
        self.progress = progress
        ledger = RebuildLedger(configuration)
    }

    /// Begins a rebuild, or goes on with the one that was begun.
    ///
    /// - Throws: `RebuildRefusal` when another run works on it, or there is a generation to finish first.
    package static func run(
        _ configuration: PostgresConfiguration, _ options: Options, progress: RebuildProgress
    ) async throws -> RebuildReport {
        try await withLedger(configuration, options, progress) { rebuild in try await rebuild.run() }
    }

    package static func status(_ configuration: PostgresConfiguration) async throws -> RebuildStatus {
        try await withLedger(configuration) { rebuild in try await rebuild.ledger.status() }
    }

    /// Serves the generation before again, in all partitions that have one.
    package static func rollBack(_ configuration: PostgresConfiguration) async throws -> RebuildStatus {
        try await withLedger(configuration) { rebuild in
            guard try await rebuild.ledger.status().has(.swapped) else {
                throw RebuildRefusal(
                    "There is nothing to roll back: no rebuilt generation is served beside an older one.")
            }
            try await rebuild.claim()
            try await rebuild.ledger.rollBack()
            try await rebuild.ledger.release()
            return try await rebuild.ledger.status()
        }
    }

    /// Deletes the generation that is not served. There is no way back then.
    ///
    /// - Returns: how many rows it had.
    package static func finish(
        _ configuration: PostgresConfiguration, progress: RebuildProgress
    ) async throws -> Int {
        try await withLedger(configuration, Options(), progress) { rebuild in try await rebuild.finish() }
    }

    private static func withLedger<Value>(
        _ configuration: PostgresConfiguration, _ options: Options = Options(),
        _ progress: RebuildProgress = RebuildProgress(), _ body: (Rebuild) async throws -> Value
    ) async throws -> Value {
        let rebuild = Rebuild(configuration, options, progress)
        do {
            let value = try await body(rebuild)
            await rebuild.ledger.close()
            return value
        } catch {
            try? await rebuild.ledger.release()
            await rebuild.ledger.close()
            throw error
        }
    }

    // MARK: - Steps

    private func run() async throws -> RebuildReport {
        let before = try await ledger.status()
        if before.has(.dropping) {
            throw RebuildRefusal("An old generation is being deleted: let `tidemark rebuild finish` end first.")
        }
        if before.rows.contains(where: { $0.standby != nil }) {
            guard !before.building.isEmpty else {
                throw RebuildRefusal(
                    "Two generations are kept from the rebuild before: end it with `tidemark rebuild finish` first.")
            }
        } else {
            try await ledger.open()
        }
        try await claim()
        let watching = Task { await watch() }
        defer { watching.cancel() }

        let began = ContinuousClock.now
        let status = try await ledger.status()
        let events = try await build(status.building)
        var report = try await compare(status.building)
        report.events = events
        if !options.verifyOnly && (report.differences.isEmpty || options.accept) {
            try await swap(status.building, &report)
        }
        report.seconds = (ContinuousClock.now - began) / .seconds(1)
        try await ledger.release()
        return report
    }

    /// Takes the rebuild, or waits for the lease of a run that died. One that lives renews it, and is left alone.
    private func claim() async throws {
        let deadline = ContinuousClock.now + RebuildLedger.lease + .seconds(2)
        var heldUntil: Timestamp?
        while true {
            let status = try await ledger.status()
            let held = status.rows.compactMap { $0.standby?.heldUntil }.max()
            if try await ledger.claim(status.rows.count) { return }
            guard ContinuousClock.now < deadline, held == heldUntil || heldUntil == nil else {
                throw RebuildRefusal(
                    "Another run works on this rebuild. `tidemark rebuild status` tells how far it is.")
            }
            heldUntil = held
            try await Task.sleep(for: Self.renewalInterval)
        }
    }

    /// Renews the lease, and looks whether writes come in.
    private func watch() async {
        var last: UInt64?
        while !Task.isCancelled {
            if let status = try? await ledger.status() {
                let sum = status.rows.reduce(0) { $0 + $1.sequence }
                if let last, options.givesWay { pace.notice(writes: sum > last + 10) }
                last = sum
                _ = try? await ledger.claim(status.rows.count)
            }
            try? await Task.sleep(for: Self.renewalInterval)
        }
    }

    /// - Returns: how many events were folded.
    private func build(_ rows: [RebuildStatus.Row]) async throws -> Int {
        let events = rows.reduce(0) { $0 + Int($1.sequence - min($1.sequence, $1.standby!.sequence)) }
        progress.begin(.building, total: events, partitions: rows.count)
        // The longest first, so that the lanes end together.
        let waiting = Waiting(rows.sorted { $0.sequence - $0.standby!.sequence > $1.sequence - $1.standby!.sequence })
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<min(options.jobs, rows.count) {
                group.addTask {
                    try await onLane { lane throws(EventLogError) in
                        while let row = waiting.next() {
                            try persistently { () throws(EventLogError) in
                                var builder = try builder(row, lane)
                                try builder.catchUp()
                            }
                            progress.finishedPartition()
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        return progress.current.done
    }

    private func compare(_ rows: [RebuildStatus.Row]) async throws -> RebuildReport {
        progress.begin(.comparing, total: 0, partitions: rows.count)
        let report = try await onLane { lane throws(EventLogError) in
            try persistently { () throws(EventLogError) in try compare(rows, lane) }
        }
        for partition in report.partitions {
            try await ledger.record(partition.digest, of: partition.partition, at: partition.sequence)
        }
        return report
    }

    private func compare(_ rows: [RebuildStatus.Row], _ lane: Connections) throws(EventLogError) -> RebuildReport {
        let table = ProjectionTable(ofGeneration: rows[0].generation + 1)
        let comparison = ProjectionComparison(
            live: lane.snapshot, standby: lane.reader, table: table, pace: pace, progress: progress)
        defer { comparison.end() }
        let positions = try attempt { () throws(PostgresFailure) in try comparison.begin() }
        for row in rows {
            var builder = try builder(row, lane)
            try builder.catchUp(to: positions[row.partition]!)
        }
        let digests = try comparison.digests()
        var report = RebuildReport(generation: rows[0].generation + 1)
        for row in rows {
            let number = Int64(row.partition.number)
            let (live, rebuilt) = (digests.live[number] ?? .init(), digests.standby[number] ?? .init())
            let sequence = positions[row.partition]!
            report.partitions.append(
                RebuildReport.PartitionDigest(
                    partition: row.partition, sequence: sequence, digest: rebuilt, live: live))
            guard live != rebuilt else { continue }
            let found = try attempt { () throws(PostgresFailure) in
                try comparison.firstDifference(in: row.partition, at: sequence)
            }
            if let found { report.differences.append(found) }
        }
        return report
    }

    private func swap(_ rows: [RebuildStatus.Row], _ report: inout RebuildReport) async throws {
        progress.begin(.swapping, total: 0, partitions: rows.count)
        let comparing = report.differences.isEmpty
        let differences = try await onLane { lane throws(EventLogError) in
            var differences: [RebuildDifference] = []
            for row in rows where differences.isEmpty {
                try persistently { () throws(EventLogError) in
                    // The answer to a commit may have been lost.
                    if try isSwapped(row.partition, lane) { return }
                    var builder = try builder(row, lane)
                    if try !builder.switchOver(comparing: comparing) { differences.append(builder.difference!) }
                }
                progress.finishedPartition()
            }
            return differences
        }
        report.differences += differences
        report.isSwapped = differences.isEmpty
    }

    private func isSwapped(_ partition: Partition, _ lane: Connections) throws(EventLogError) -> Bool {
        try attempt { () throws(PostgresFailure) in
            let status = try lane.writer.run(Statements.rebuildStatus).rebuildStatus()
            return status.rows[partition.number].standby?.stage == .swapped
        }
    }

    private func finish() async throws -> Int {
        let status = try await ledger.status()
        guard status.rows.contains(where: { $0.standby != nil }) else {
            throw RebuildRefusal("There is one generation alone, and nothing to delete.")
        }
        guard let table = status.standbyTable else {
            throw RebuildRefusal(
                "Only some partitions were swapped: let `tidemark rebuild` end, or `tidemark rebuild rollback` first.")
        }
        try await claim()
        let watching = Task { await watch() }
        defer { watching.cancel() }
        try await ledger.endMirroring()
        progress.begin(.dropping, total: 0, partitions: status.rows.count)
        var last = ""
        var dropped = 0
        while true {
            let began = ContinuousClock.now
            let next = try await ledger.drop(from: table, after: last, limit: 1_000)
            if next.count == 0 { break }
            (last, dropped) = (next.last, dropped + next.count)
            progress.advance(by: next.count)
            try await Task.sleep(for: pace.rest(since: began))
        }
        try await ledger.remove()
        return dropped
    }

    // MARK: - Lanes

    /// A lane's connections.
    private struct Connections {
        let writer: PostgresConnection
        let reader: PostgresConnection
        let snapshot: PostgresConnection

        init(_ configuration: PostgresConfiguration, writer: PostgresConnection) {
            func connection() -> PostgresConnection {
                PostgresConnection(configuration, role: .rebuild, metrics: EventLogMetrics(role: .rebuild))
            }
            self.writer = writer
            reader = connection()
            snapshot = connection()
        }
    }

    private func onLane<Value: Sendable>(
        _ work: @escaping @Sendable (Connections) throws(EventLogError) -> Value
    ) async throws(EventLogError) -> Value {
        try await OneOffLane.run(configuration, role: .rebuild) { connection throws(EventLogError) in
            try work(Connections(configuration, writer: connection))
        }
    }

    private func builder(_ row: RebuildStatus.Row, _ lane: Connections) throws(EventLogError) -> PartitionBuilder {
        try PartitionBuilder(
            row.partition, table: ProjectionTable(ofGeneration: row.generation + 1), owner: ledger.owner, pace: pace,
            progress: progress, reader: lane.reader, writer: lane.writer)
    }

    /// Tries again what a moment's trouble made fail; each time goes on from what is in the database.
    private func persistently<Value>(_ work: () throws(EventLogError) -> Value) throws(EventLogError) -> Value {
        var tries = 1
        while true {
            do throws(EventLogError) {
                return try work()
            } catch {
                switch error.code {
                case .unavailable, .overloaded, .contended, .outcomeUnknown:
                    guard tries < Self.tries else { throw error }
                case .fenced, .duplicateCommand, .rejectedStatement, .misconfigured: throw error
                }
            }
            Thread.sleep(forTimeInterval: min(0.05 * Double(1 << tries), 2))
            tries += 1
        }
    }

    private func attempt<Value>(_ work: () throws(PostgresFailure) -> Value) throws(EventLogError) -> Value {
        do throws(PostgresFailure) { return try work() } catch { throw EventLogError(error) }
    }

    /// Partitions that no lane has taken yet.
    private final class Waiting: Sendable {
        private let rows: Mutex<[RebuildStatus.Row]>

        init(_ rows: [RebuildStatus.Row]) { self.rows = Mutex(rows.reversed()) }

        func next() -> RebuildStatus.Row? { rows.withLock { $0.popLast() } }
    }
}
