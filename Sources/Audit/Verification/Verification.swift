package import Commands
package import EventLog
import Foundation

/// Recomputes the log's leaves and trees, and the projection from the events, and compares.
///
/// One snapshot gives where the partitions stand and the projection at that moment; the events up to there never change and
/// are read beside it, a partition at a time on each thread. Writes go on meanwhile.
package struct Verification<Source: SnapshotSource>: Sendable {
    private let source: Source
    private let partitioner: Partitioner
    private let options: VerificationOptions
    private let progress: VerificationProgress
    private let digest = RowDigest()

    package init(
        _ source: Source, partitioner: Partitioner, options: VerificationOptions = VerificationOptions(),
        progress: VerificationProgress = VerificationProgress()
    ) {
        self.source = source
        self.partitioner = partitioner
        self.options = options
        self.progress = progress
    }

    private enum Piece: Sendable {
        case projection(ProjectionState)
        case partition(Audited)
    }

    private struct Audited: Sendable {
        var head: PartitionHead
        var divergence: Divergence?
        var sums: ProjectionSums
        var tree: MerkleFrontier
    }

    private struct ProjectionState: Sendable {
        var sums: [Partition: ProjectionSums] = [:]
        var misplaced: [Partition: Divergence] = [:]
        var rows: UInt64 = 0
    }

    package func run() async throws -> VerificationReport {
        let (stream, continuation) = AsyncThrowingStream<[PartitionHead], any Error>.makeStream()
        var projection = ProjectionState()
        var audited: [Audited] = []
        var missing: [Partition] = []
        try await withThrowingTaskGroup(of: Piece.self) { group in
            group.addTask {
                do {
                    return .projection(try await project { continuation.yield($0) })
                } catch {
                    continuation.finish(throwing: error)
                    throw error
                }
            }
            var waiting = try await stream.first { _ in true } ?? []
            let known = Set(waiting.map(\.partition))
            missing = partitioner.partitions.filter { !known.contains($0) }
            if let chosen = options.partitions {
                waiting.removeAll { !chosen.contains($0.partition) }
                missing.removeAll { !chosen.contains($0) }
            }
            progress.expect(waiting.reduce(0) { $0 + count($1) })
            // The largest first, so that no thread is left with it at the end.
            waiting.sort { count($0) < count($1) }
            func audit(_ head: PartitionHead) { group.addTask { try await self.audit(head) } }
            for _ in 1..<max(2, options.jobs) { if let head = waiting.popLast() { audit(head) } }
            while let piece = try await group.next() {
                switch piece {
                case .projection(let state): projection = state
                case .partition(let partition): audited.append(partition)
                }
                if let head = waiting.popLast() { audit(head) }
            }
        }
        var report = VerificationReport(rows: [], projected: projection.rows)
        for partition in audited {
            let head = partition.head
            var divergence = partition.divergence
            if divergence == nil {
                divergence = try await compare(
                    head.partition, partition.sums, projection.sums[head.partition] ?? ProjectionSums(),
                    misplaced: projection.misplaced[head.partition])
            }
            report.rows.append(
                VerificationReport.Row(
                    partition: head.partition, tree: partition.tree, events: count(head), divergence: divergence))
        }
        report.rows += missing.map { partition in
            VerificationReport.Row(
                partition: partition, tree: MerkleFrontier(), events: 0,
                divergence: Divergence(
                    partition: partition, sequence: 1, table: .partitions, fields: ["partition"],
                    detail: "the partition has no row"))
        }
        report.rows.sort { $0.partition < $1.partition }
        return report
    }

    private func start(_ partition: Partition) -> MerkleFrontier { options.since[partition] ?? MerkleFrontier() }

    private func count(_ head: PartitionHead) -> UInt64 {
        let start = start(head.partition).size
        return head.sequence > start ? head.sequence - start : 0
    }

    private func audit(_ head: PartitionHead) async throws -> Piece {
        let start = start(head.partition)
        let audit = try PartitionAudit(
            head, after: start, passing: options.anchors[head.partition],
            archivedThrough: options.archivedThrough[head.partition] ?? 0, digest: digest,
            memory: options.memory / max(1, options.jobs))
        var state = try await source.fold(
            head.partition, after: start.size, through: PartitionAudit.end(head), values: true,
            into: Counted(audit)
        ) { [progress] state, row in
            try state.state.add(row)
            state.count(progress.add)
        }
        state.tellRest(progress.add)
        if state.state.hasEmptied {
            state.state = try await source.fold(
                head.partition, after: PartitionAudit.end(head), through: .max, values: false, into: state.state
            ) { audit, row in audit.addLater(row) }
        }
        let (divergence, sums, tree) = try state.state.finish()
        return .partition(Audited(head: head, divergence: divergence, sums: sums, tree: tree))
    }

    // MARK: - The projection

    private func project(_ heads: @escaping @Sendable ([PartitionHead]) -> Void) async throws -> ProjectionState {
        let oldest = partitioner.partitions.map { start($0).size }.min() ?? 0
        return try await source.foldProjection(newerThan: oldest, into: ProjectionState(), heads: heads) { state, row in
            let partition = partitioner.partition(of: Key(trusted: row.keyText))
            let start = start(partition).size
            if start > 0 && row.version <= start { return }
            state.rows += 1
            if row.partition != partition.number && state.misplaced[partition] == nil {
                state.misplaced[partition] = Divergence(
                    partition: partition, sequence: row.version, table: .kv, fields: ["partition"], key: row.keyText,
                    detail: "the key belongs to partition \(partition), and its row says \(row.partition)")
            }
            let key = digest.key(row.key)
            let created = knownCreation(
                row.createdVersion, version: row.version, deleted: row.deleted, after: start)
            state.sums[partition, default: ProjectionSums()].add(
                digest.row(key: key, version: row.version, createdVersion: created, content: digest.content(row)),
                key: key)
        }
    }

    private func compare(
        _ partition: Partition, _ expected: ProjectionSums, _ found: ProjectionSums, misplaced: Divergence?
    ) async throws -> Divergence? {
        let buckets = expected.differences(from: found)
        guard let bucket = buckets.first else { return misplaced }
        let closer = ProjectionComparison(
            source: source, partition: partition, partitioner: partitioner, start: start(partition).size,
            bucket: bucket, digest: digest)
        return try await closer.first()
            ?? Divergence(
                partition: partition, sequence: 0, table: .kv, fields: ["key"],
                detail: "the projection was not what the events give; at a second look it was")
    }
}
