import Commands
import EventLog
import Foundation

/// A log of many puts, deletions and refusals with the projection that belongs to it, made by SQL alone: window functions know
/// nothing of the fold that is tested.
struct RebuildLog {
    static let partitions = 4
    let database: TestDatabase
    let events: Int

    init(events: Int) async throws {
        self.events = events
        database = try await TestDatabase.migrated(partitions: Self.partitions)
        let sql = try database.sql()
        let each = events / Self.partitions
        // Every 7th event of a key deletes, every 11th is refused; the others put.
        try sql.run(
            """
            INSERT INTO events (
                partition, seq, kind, key, value, content_type, expires_at, principal, command_id, issued_at, applied_at, leaf_hash)
            SELECT
                p, s, kind, 'key/' || p || '/' || k, CASE WHEN kind = 'put' THEN decode(md5(s::text), 'hex') END,
                CASE WHEN kind = 'put' THEN CASE WHEN s % 5 = 0 THEN 'text/plain' ELSE '\(Content.defaultType)' END END,
                CASE WHEN kind = 'put' AND s % 13 = 0 THEN now() + INTERVAL '1 day' END,
                'tester', gen_random_uuid(), now(), now() + s * INTERVAL '1 microsecond', ''::bytea
            FROM (
                SELECT p, s, s * 7919 % \(max(1, each / 4)) AS k,
                    CASE WHEN s % 11 = 0 THEN 'rejected' WHEN s % 7 = 0 THEN 'deleted' ELSE 'put' END AS kind
                FROM generate_series(0, \(Self.partitions - 1)) AS p, generate_series(1, \(each)) AS s) AS story
            """)
        // A life begins with a put after a deletion, or with the key's first event.
        try sql.run(
            """
            INSERT INTO kv (
                key, partition, version, created_version, value, content_type, expires_at, deleted, modified_at)
            SELECT key, partition, seq, created, coalesce(value, ''), coalesce(content_type, '\(Content.defaultType)'),
                expires_at, kind = 'deleted', applied_at
            FROM (
                SELECT *, max(begun) OVER (PARTITION BY partition, key ORDER BY seq) AS created,
                    row_number() OVER (PARTITION BY partition, key ORDER BY seq DESC) AS age
                FROM (
                    SELECT *, CASE
                        WHEN lag(kind) OVER w IS NULL OR (kind = 'put' AND lag(kind) OVER w = 'deleted') THEN seq
                        END AS begun
                    FROM events WHERE kind <> 'rejected' WINDOW w AS (PARTITION BY partition, key ORDER BY seq)) AS lives
                ) AS states
            WHERE age = 1
            """)
        // No tree of these events, but one of the right size.
        let tree = String(repeating: "00", count: 32 * each.nonzeroBitCount)
        try sql.run("UPDATE partitions SET seq = \(each), tree = decode('\(tree)', 'hex')")
        try sql.run("ANALYZE")
    }

    /// The projection that is served, as text.
    func served() throws -> [[String?]] {
        let sql = try database.sql()
        let columns = "key, partition, version, created_version, value, content_type, expires_at, deleted, modified_at"
        let even = try sql.one("SELECT min(generation) % 2 FROM partitions") == "0"
        return try sql.run("SELECT \(columns) FROM \(even ? "kv_even" : "kv") ORDER BY key")
    }

    func generations() throws -> Set<String?> {
        Set(try database.sql().run("SELECT generation FROM partitions").map { $0[0] })
    }
}
