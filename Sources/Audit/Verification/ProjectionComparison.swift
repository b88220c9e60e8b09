import Commands
import EventLog
import Foundation

/// Looks closer at a part of a partition's projection that isn't what the events give: which key, which column.
struct ProjectionComparison<Source: SnapshotSource>: Sendable {
    /// A row's columns, its value as a hash.
    private struct Row: Sendable {
        var key: String
        var partition: Int
        var version: UInt64
        var createdVersion: UInt64
        var expiresAt: Int64?
        var modifiedAt: Int64
        var deleted: Bool
        var contentType: String
        var value: RowDigest.Short
    }

    let source: Source
    let partition: Partition
    let partitioner: Partitioner
    let start: UInt64
    /// See `ProjectionSums`.
    let bucket: Int
    let digest: RowDigest

    /// Looks at the present state: what was changed back meanwhile is found no more.
    func first() async throws -> Divergence? {
        let (heads, continuation) = AsyncStream.makeStream(of: [PartitionHead].self)
        let found = try await source.foldProjection(newerThan: start, into: [RowDigest.Short: Row]()) {
            continuation.yield($0)
        } _: { rows, row in
            let key = digest.key(row.key)
            guard ProjectionSums.bucket(of: key) == bucket, row.version > start || start == 0,
                partitioner.partition(of: Key(trusted: row.keyText)) == partition
            else { return }
            rows[key] = Row(
                key: row.keyText, partition: row.partition, version: row.version, createdVersion: row.createdVersion,
                expiresAt: row.expiresAt, modifiedAt: row.modifiedAt, deleted: row.deleted,
                contentType: row.row.text(ProjectionRow.Column.contentType.rawValue) ?? "",
                value: digest.key(row[.value]))
        }
        continuation.finish()
        guard let head = await heads.first(where: { _ in true })?.first(where: { $0.partition == partition }) else {
            return nil
        }
        let expected = try await expected(through: head.sequence)
        return Set(found.keys).union(expected.keys)
            .compactMap { compare(found[$0], with: expected[$0]) }
            .min { $0.sequence < $1.sequence }
    }

    private func expected(through end: UInt64) async throws -> [RowDigest.Short: Row] {
        let empty = digest.key(UnsafeRawBufferPointer(start: nil, count: 0))
        return try await source.fold(
            partition, after: start, through: end, values: true, into: [RowDigest.Short: Row]()
        ) { rows, event in
            let key = digest.key(event[.key])
            guard ProjectionSums.bucket(of: key) == bucket, let kind = event.kind, kind.changesState else { return }
            let before = rows[key]
            let isPut = kind == .put
            let created: UInt64 =
                if isPut && event.isNull(.previousVersion) {
                    event.sequence
                } else {
                    before?.createdVersion ?? (isPut || start > 0 ? 0 : event.sequence)
                }
            rows[key] = Row(
                key: event.text(.key) ?? "", partition: partition.number, version: event.sequence,
                createdVersion: created, expiresAt: isPut ? event.expiresAt : nil, modifiedAt: event.appliedAt,
                deleted: !isPut, contentType: isPut ? event.text(.contentType) ?? "" : Content.defaultType,
                value: isPut ? digest.key(event[.value]) : empty)
        }
    }

    private func compare(_ found: Row?, with expected: Row?) -> Divergence? {
        guard let found else {
            return expected.map {
                diverges($0.version, $0.key, "key", "the key has no row, and event \($0.version) gave it one")
            }
        }
        guard let expected else {
            return diverges(found.version, found.key, "key", "the key has a row, and no event gave it one")
        }
        func created(_ row: Row) -> UInt64 {
            knownCreation(row.createdVersion, version: row.version, deleted: row.deleted, after: start)
        }
        let checks: [(String, Bool)] = [
            ("partition", found.partition == expected.partition), ("version", found.version == expected.version),
            ("deleted", found.deleted == expected.deleted), ("value", found.value == expected.value),
            ("content_type", found.contentType == expected.contentType),
            ("expires_at", found.expiresAt == expected.expiresAt),
            ("modified_at", found.modifiedAt == expected.modifiedAt),
            ("created_version", created(found) == created(expected)),
        ]
        guard let (field, _) = checks.first(where: { !$0.1 }) else { return nil }
        return diverges(
            expected.version, expected.key, field, "it is not what event \(expected.version) of the key left")
    }

    private func diverges(_ sequence: UInt64, _ key: String, _ field: String, _ detail: String) -> Divergence {
        Divergence(
            partition: partition, sequence: sequence, table: .kv, fields: [field], key: key, detail: detail)
    }
}
