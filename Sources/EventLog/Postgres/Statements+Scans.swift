/// Streams. COPY takes no parameters, so that numbers, and nothing but numbers, stand in its text.
extension Statements {
    /// Everything in the transaction sees one moment. CockroachDB, which knows nothing weaker, runs it as SERIALIZABLE;
    /// there PostgreSQL would let a reader of whole tables make writers fail.
    static let beginSnapshot = Statement(
        "begin_snapshot",
        """
        -- crdb-check: allow isolation -- the stronger level is a snapshot as well
        BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY
        """)

    static let partitionHeads = Statement(
        "partition_heads",
        """
        SELECT
            p.partition, p.seq, p.tree, p.last_applied_at,
            coalesce((SELECT max(e.seq) FROM events AS e WHERE e.partition = p.partition), 0)
        FROM partitions AS p ORDER BY p.partition
        """)

    static let strayPartitions = Statement(
        "stray_partitions",
        """
        SELECT e.partition, max(e.seq) FROM events AS e
        WHERE e.partition < 0 OR e.partition >= (SELECT c.partitions FROM cluster AS c WHERE c.id = 1)
        GROUP BY e.partition
        """)

    static let allOrigins = Statement("all_origins", "SELECT partition, origin, n FROM origins")

    /// The columns in the order of `EventRow.Column`.
    static func copyEvents(
        of partition: Int, after: UInt64, through: UInt64, limit: Int, values: Bool
    ) -> Statement {
        Statement(
            "copy_events",
            """
            COPY (
                SELECT
                    partition, seq, kind, key, \(values ? "value" : "NULL::bytea AS value"), value_salt, value_commitment,
                    value_size, content_type, expires_at, previous_version, reason, principal, command_id, fingerprint,
                    origin, origin_seq, traceparent, issued_at, applied_at, leaf_hash
                FROM events WHERE partition = \(partition) AND seq > \(after) AND seq <= \(through) ORDER BY seq
                LIMIT \(limit)
            ) TO STDOUT WITH (FORMAT binary)
            """)
    }

    /// The generation that each partition serves; of no partition what stands in `kv`, so that it is found. The columns in the
    /// order of `ProjectionRow.Column`.
    static func copyProjection(newerThan version: UInt64) -> Statement {
        func rows(_ table: ProjectionTable, _ membership: String) -> String {
            """
            SELECT key, partition, version, created_version, value, content_type, expires_at, deleted, modified_at
            FROM \(table.rawValue)
            WHERE partition \(membership) (SELECT partition FROM partitions WHERE generation % 2 = 0)
                \(version == 0 ? "" : "AND version > \(version)")
            """
        }
        return Statement(
            "copy_projection",
            "COPY (\(rows(.odd, "NOT IN")) UNION ALL \(rows(.even, "IN"))) TO STDOUT WITH (FORMAT binary)")
    }

    /// Within a partition time never goes back.
    ///
    /// - Parameter time: as `Timestamp.rfc3339` writes it.
    static func lastSequence(of partition: Int, at time: String) -> Statement {
        Statement(
            "last_sequence",
            """
            SELECT seq FROM events WHERE partition = \(partition) AND applied_at <= TIMESTAMPTZ '\(time)'
            ORDER BY seq DESC LIMIT 1
            """)
    }
}
