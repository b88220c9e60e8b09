/// What `tidemark rebuild` runs.
extension Statements {
    // MARK: - The standby generation's place in the database

    static let rebuildStatus = Statement(
        "rebuild_status",
        """
        SELECT
            p.partition, p.seq, p.generation, p.mirrored, r.stage, r.seq, r.expires_at > now(), r.verified_seq, r.rows, r.digest,
            r.started_at, r.expires_at
        FROM partitions AS p LEFT JOIN rebuilds AS r ON r.partition = p.partition
        ORDER BY p.partition
        """)

    static let openRebuild = Statement(
        "open_rebuild", [.uuid, .int8],
        """
        INSERT INTO rebuilds (partition, stage, seq, owner, expires_at, started_at)
        SELECT partition, 'building', 0, $1, now() + $2 * INTERVAL '1 microsecond', now() FROM partitions
        ON CONFLICT (partition) DO NOTHING
        """)

    /// Takes what is free or ours, and renews it.
    static let claimRebuild = Statement(
        "claim_rebuild", [.uuid, .int8],
        """
        UPDATE rebuilds SET owner = $1, expires_at = now() + $2 * INTERVAL '1 microsecond'
        WHERE owner = $1 OR expires_at <= now()
        """)

    static let releaseRebuild = Statement(
        "release_rebuild", [.uuid],
        """
        UPDATE rebuilds SET expires_at = now() WHERE owner = $1
        """)

    static let recordDigest = Statement(
        "record_digest", [.int8, .uuid, .int8, .int8, .bytes],
        """
        UPDATE rebuilds SET verified_seq = $3, rows = $4, digest = $5 WHERE partition = $1 AND owner = $2
        """)

    /// One statement, so that no partition goes back without the others. A second time it finds nothing to do.
    static let rollBackRebuild = Statement(
        "roll_back_rebuild", [.uuid],
        """
        WITH turned AS (
            UPDATE rebuilds SET stage = 'rolled-back' WHERE owner = $1 AND stage = 'swapped' RETURNING partition)
        UPDATE partitions SET generation = generation + 1 FROM turned
        WHERE partitions.partition = turned.partition AND mirrored
        """)

    static let endMirroring = Statement(
        "end_mirroring", [.uuid],
        """
        WITH ended AS (UPDATE rebuilds SET stage = 'dropping' WHERE owner = $1 RETURNING partition)
        UPDATE partitions SET mirrored = false FROM ended WHERE partitions.partition = ended.partition
        """)

    static let dropRows = TableStatement("drop_rows", [.text, .int8]) { table in
        """
        DELETE FROM \(table.rawValue)
        WHERE key IN (SELECT key FROM \(table.rawValue) WHERE key > $1 ORDER BY key LIMIT $2) RETURNING key
        """
    }

    static let closeRebuild = Statement(
        "close_rebuild", [.uuid],
        """
        DELETE FROM rebuilds WHERE owner = $1
        """)

    // MARK: - Building

    /// What a rebuild writes is under locks of its own, and it shall not make a projector's transaction fail.
    static let beginReadCommitted = Statement(
        "begin_read_committed",
        """
        -- crdb-check: allow isolation -- where it is run as SERIALIZABLE, that does as well
        BEGIN ISOLATION LEVEL READ COMMITTED
        """)

    /// A server that crashes may forget the last rounds, rows and position alike: they are built again. The switch is durable, and
    /// with it what came before.
    static let commitLater = Statement("commit_later", "SET LOCAL synchronous_commit = off")

    static let lockRebuild = Statement(
        "lock_rebuild", [.int8, .uuid],
        """
        SELECT seq FROM rebuilds WHERE partition = $1 AND owner = $2 AND stage = 'building' FOR UPDATE
        """)

    static let advanceRebuild = Statement(
        "advance_rebuild", [.int8, .int8],
        """
        UPDATE rebuilds SET seq = $2 WHERE partition = $1
        """)

    static let partitionSequence = Statement(
        "partition_sequence", [.int8],
        """
        SELECT seq FROM partitions WHERE partition = $1
        """)

    /// The owner waits meanwhile. Without the tree: a projection can be rebuilt whatever became of that.
    static let lockSequence = Statement(
        "lock_sequence", [.int8],
        """
        SELECT seq FROM partitions WHERE partition = $1 FOR UPDATE
        """)

    static let rebuiltStates = TableStatement("rebuilt_states", [.texts]) { table in
        """
        SELECT key, version, created_version, deleted, expires_at FROM \(table.rawValue) WHERE key = ANY($1)
        """
    }

    /// The first key that differs between a table and the one that is served, among those that the latter has at no later
    /// version than $2.
    static let compareRows = TableStatement("compare_rows", [.texts, .int8]) { table in
        """
        SELECT b.key, CASE \(columns.map { "WHEN \(differs($0)) THEN '\($0)'" }.joined(separator: " ")) ELSE 'key' END
        FROM \(table.rawValue) AS b LEFT JOIN \(table.other.rawValue) AS a ON a.key = b.key
        WHERE
            b.key = ANY($1)
            AND (a.key IS NULL OR (a.version <= $2 AND (\(columns.map(differs).joined(separator: " OR ")))))
        ORDER BY b.key LIMIT 1
        """
    }

    private static func differs(_ column: String) -> String { "a.\(column) IS DISTINCT FROM b.\(column)" }
    private static let columns = ProjectionComparison.columns.filter { $0 != "key" }

    static let switchGeneration = Statement(
        "switch_generation", [.int8],
        """
        UPDATE partitions SET generation = generation + 1, mirrored = true WHERE partition = $1
        """)

    static let swapRebuild = Statement(
        "swap_rebuild", [.int8],
        """
        UPDATE rebuilds SET stage = 'swapped' WHERE partition = $1
        """)

    // MARK: - Comparing

    /// The snapshot stands while the new generation is brought to its positions.
    static let keepSnapshot = Statement("keep_snapshot", "SET LOCAL idle_in_transaction_session_timeout = 0")

    static let positions = Statement(
        "positions",
        """
        SELECT partition, seq FROM partitions ORDER BY partition
        """)
}
