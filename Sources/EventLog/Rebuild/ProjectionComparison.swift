import Commands
import Foundation

/// Compares two generations of the projection at the same sequences, on a lane's thread.
///
/// `live` keeps a snapshot open: its rows stand at the positions that `begin` gives. `standby` reads the generation that
/// is built, which nobody else writes.
struct ProjectionComparison {
    /// In the order in which they are digested.
    static let columns = [
        "partition", "key", "version", "created_version", "value", "content_type", "expires_at", "deleted",
        "modified_at",
    ]

    let live: PostgresConnection
    let standby: PostgresConnection
    /// Where `standby` reads.
    let table: ProjectionTable
    let pace: RebuildPace
    let progress: RebuildProgress

    /// - Returns: each partition's sequence in the snapshot.
    func begin() throws(PostgresFailure) -> [Partition: UInt64] {
        try live.open()
        try live.send(Statements.beginSnapshot)
        try live.send(Statements.keepSnapshot)
        try live.send(Statements.positions)
        try live.synchronize()
        for _ in 0..<2 { _ = try live.next() }
        let result = try live.next()
        var positions: [Partition: UInt64] = [:]
        for row in 0..<result.rowCount { positions[Partition(Int(result.int8(row, 0)))] = result.unsigned(row, 1) }
        try live.finish()
        return positions
    }

    func end() { live.rollBack() }

    /// The digests of all rows, by the partition that they name. Each table on a thread of its own: the hashing takes as long as the
    /// server's sending.
    func digests() throws(EventLogError) -> (live: [Int64: ProjectionDigest], standby: [Int64: ProjectionDigest]) {
        let (table, pace, progress) = (table, pace, progress)
        let digests = try OneOffLane.run(live.configuration, role: .rebuild) {
            (connection: PostgresConnection) throws(EventLogError) -> [Int64: ProjectionDigest] in
            try Self.digests(of: table, connection, pace, progress)
        } beside: { () throws(EventLogError) -> [Int64: ProjectionDigest] in
            try Self.digests(of: table.other, live, pace, progress, inTransaction: true)
        }
        return (live: digests.1, standby: digests.0)
    }

    private static func digests(
        of table: ProjectionTable, _ connection: PostgresConnection, _ pace: RebuildPace, _ progress: RebuildProgress,
        inTransaction: Bool = false
    ) throws(EventLogError) -> [Int64: ProjectionDigest] {
        do throws(PostgresFailure) {
            var digests: [Int64: ProjectionDigest] = [:]
            var began = ContinuousClock.now
            var count = 0
            try begin(connection, table, inTransaction: inTransaction)
            while var row = try connection.nextCopiedRow() {
                digests[row.int8()!, default: ProjectionDigest()].add(row.encoded)
                count += 1
                guard count % 256 == 0 else { continue }
                progress.advance(by: 256)
                pace.breathe(since: &began)
            }
            progress.advance(by: count % 256)
            return digests
        } catch {
            throw EventLogError(error)
        }
    }

    /// - Returns: `nil` when the partition's rows are the same.
    func firstDifference(in partition: Partition, at sequence: UInt64) throws(PostgresFailure) -> RebuildDifference? {
        let rows = "WHERE partition = \(partition.number) ORDER BY key"
        try Self.begin(live, table.other, rows, inTransaction: true)
        try Self.begin(standby, table, rows)
        var found: RebuildDifference?
        func note(_ key: UnsafeRawBufferPointer, _ column: String) {
            if found == nil {
                let key = Key(trusted: String(decoding: key, as: UTF8.self))
                found = RebuildDifference(
                    partition: partition, sequence: sequence, key: key, column: column, keys: 0)
            }
            found?.keys += 1
        }
        var a = try live.nextCopiedRow()
        var b = try standby.nextCopiedRow()
        while a != nil || b != nil {
            switch (a?.key, b?.key) {
            case (let one?, let other?) where one.elementsEqual(other):
                if let column = a!.firstDifference(to: b!) { note(one, column) }
                a = try live.nextCopiedRow()
                b = try standby.nextCopiedRow()
            case (let one?, let other) where other.map { one.lexicographicallyPrecedes($0) } ?? true:
                note(one, "key")
                a = try live.nextCopiedRow()
            case (_, let other):
                note(other!, "key")
                b = try standby.nextCopiedRow()
            }
        }
        return found
    }

    private static func begin(
        _ connection: PostgresConnection, _ table: ProjectionTable, _ rows: String = "", inTransaction: Bool = false
    ) throws(PostgresFailure) {
        try connection.beginCopy(
            "compare_\(table.rawValue)", "SELECT \(columns.joined(separator: ", ")) FROM \(table.rawValue) \(rows)",
            inTransaction: inTransaction)
    }
}

extension CopiedRow {
    fileprivate var key: UnsafeRawBufferPointer {
        var row = self
        _ = row.bytes()
        return row.bytes()!
    }

    /// The first column in which it differs from another row.
    fileprivate func firstDifference(to other: CopiedRow) -> String? {
        var (a, b) = (self, other)
        for column in ProjectionComparison.columns {
            let (one, other) = (a.bytes(), b.bytes())
            switch (one, other) {
            case (nil, nil): continue
            case (let one?, let other?) where one.elementsEqual(other): continue
            default: return column
            }
        }
        return nil
    }
}
