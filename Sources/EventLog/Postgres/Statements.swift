/// Every statement that runs after the schema stands. Both PostgreSQL and CockroachDB accept them.
enum Statements {
    // MARK: - The generation that is served

    /// To be called `p` by the statements that `served` stands in.
    private static let partitionRow = "SELECT seq, generation FROM partitions WHERE partition = $1"

    /// Rows of the generation that partition $1 serves. Of the other table not even the index is looked into: its condition on
    /// `p` has no variables and is evaluated first.
    private static func served(_ columns: String, where condition: String) -> String {
        func rows(_ table: ProjectionTable) -> String {
            """
            SELECT \(columns) FROM \(table.rawValue)
            WHERE \(condition) AND (SELECT generation % 2 FROM p) = \(table.parity)
            """
        }
        return "\(rows(.odd)) UNION ALL \(rows(.even))"
    }

    // MARK: - A batch's transaction, first round trip

    static let begin = Statement("begin", "BEGIN ISOLATION LEVEL SERIALIZABLE")
    static let commit = Statement("commit", "COMMIT")
    static let rollback = Statement("rollback", "ROLLBACK")

    static let lockPartition = Statement(
        "lock_partition", [.int8],
        """
        SELECT seq, epoch, tree, last_applied_at, generation, mirrored FROM partitions WHERE partition = $1 FOR UPDATE
        """)

    static let appliedOfOrigins = Statement(
        "applied_of_origins", [.int8, .int8s],
        """
        SELECT origin, n FROM origins WHERE partition = $1 AND origin = ANY($2)
        """)

    /// Runs before the transaction, which then compares the sequence: every change of a key's row commits together with a
    /// step of its partition's sequence, so the same sequence means the same rows. Read inside, a thousand keys all over
    /// the table would make PostgreSQL lock all of it against the serializable transactions of other partitions.
    static let keyStates = Statement(
        "key_states", [.int8, .texts],
        """
        WITH p AS (\(partitionRow))
        SELECT p.seq, p.generation, k.key, k.version, k.created_version, k.deleted, k.expires_at
        FROM p LEFT JOIN (
            \(served("key, version, created_version, deleted, expires_at", where: "key = ANY($2)"))
        ) AS k ON true
        """)

    static let recordedCommands = Statement(
        "recorded_commands", [.int8s, .uuids],
        """
        SELECT partition, command_id, key, seq, kind, previous_version, reason, fingerprint, origin, origin_seq
        FROM events WHERE partition = ANY($1) AND command_id = ANY($2)
        """)

    static let deadCommands = Statement(
        "dead_commands", [.int8s, .uuids],
        """
        SELECT partition, command_id, key, seq, reason, fingerprint, origin, origin_seq
        FROM dead_letters WHERE partition = ANY($1) AND command_id = ANY($2)
        """)

    // MARK: - Second round trip

    static let appendEvents = Statement(
        "append_events",
        [
            .int8, .int8s, .texts, .texts, .bytesArray, .bytesArray, .bytesArray, .int8s, .texts, .timestamps, .int8s,
            .texts, .texts, .uuids, .bytesArray, .int8s, .int8s, .texts, .timestamps, .timestamps, .bytesArray,
        ],
        """
        INSERT INTO events (
            partition, seq, kind, key, value, value_salt, value_commitment, value_size, content_type, expires_at,
            previous_version, reason, principal, command_id, fingerprint, origin, origin_seq, traceparent, issued_at,
            applied_at, leaf_hash)
        SELECT
            $1, u.seq, u.kind, u.key, u.value, u.value_salt, u.value_commitment, u.value_size, u.content_type, u.expires_at,
            u.previous_version, u.reason, u.principal, u.command_id, u.fingerprint, u.origin, u.origin_seq, u.traceparent,
            u.issued_at, u.applied_at, u.leaf_hash
        FROM unnest(
            $2::int8[], $3::text[], $4::text[], $5::bytea[], $6::bytea[], $7::bytea[], $8::int8[], $9::text[],
            $10::timestamptz[], $11::int8[], $12::text[], $13::text[], $14::uuid[], $15::bytea[], $16::int8[], $17::int8[],
            $18::text[], $19::timestamptz[], $20::timestamptz[], $21::bytea[]
        ) AS u (
            seq, kind, key, value, value_salt, value_commitment, value_size, content_type, expires_at, previous_version,
            reason, principal, command_id, fingerprint, origin, origin_seq, traceparent, issued_at, applied_at, leaf_hash)
        """)

    static let project = TableStatement(
        "project", [.int8, .texts, .int8s, .int8s, .bytesArray, .texts, .timestamps, .bools, .timestamps]
    ) { table in
        """
        INSERT INTO \(table.rawValue) (\(columnsOfRows))
        SELECT
            u.key, $1, u.version, u.created_version, u.value, u.content_type, u.expires_at, u.deleted, u.modified_at
        FROM unnest(
            $2::text[], $3::int8[], $4::int8[], $5::bytea[], $6::text[], $7::timestamptz[], $8::bool[], $9::timestamptz[]
        ) AS u (key, version, created_version, value, content_type, expires_at, deleted, modified_at)
        ON CONFLICT (key) DO UPDATE SET
            partition = excluded.partition, version = excluded.version, created_version = excluded.created_version,
            value = excluded.value, content_type = excluded.content_type, expires_at = excluded.expires_at,
            deleted = excluded.deleted, modified_at = excluded.modified_at
        WHERE \(table.rawValue).version < excluded.version
        """
    }

    /// For keys that have no row.
    static let copyRows = TableStatement("copy_rows", []) { table in
        "COPY \(table.rawValue) (\(columnsOfRows)) FROM STDIN (FORMAT binary)"
    }

    private static let columnsOfRows =
        "key, partition, version, created_version, value, content_type, expires_at, deleted, modified_at"

    static let advancePartition = Statement(
        "advance_partition", [.int8, .int8, .bytes, .timestamp],
        """
        UPDATE partitions SET seq = $2, tree = $3, last_applied_at = $4 WHERE partition = $1
        """)

    static let advanceOrigins = Statement(
        "advance_origins", [.int8, .int8s, .int8s, .timestamp],
        """
        INSERT INTO origins (partition, origin, n, last_applied_at)
        SELECT $1, u.origin, u.n, $4 FROM unnest($2::int8[], $3::int8[]) AS u (origin, n)
        ON CONFLICT (partition, origin) DO UPDATE SET n = excluded.n, last_applied_at = excluded.last_applied_at
        WHERE origins.n < excluded.n
        """)

    static let buryCommands = Statement(
        "bury_commands", [.int8, .uuids, .texts, .bytesArray, .int8s, .int8s, .texts, .timestamps, .bytesArray, .int8],
        """
        INSERT INTO dead_letters (
            partition, command_id, key, command, origin, origin_seq, reason, died_at, fingerprint, seq)
        SELECT
            $1, u.command_id, u.key, u.command, u.origin, u.origin_seq, u.reason, u.died_at, u.fingerprint, $10
        FROM unnest(
            $2::uuid[], $3::text[], $4::bytea[], $5::int8[], $6::int8[], $7::text[], $8::timestamptz[], $9::bytea[]
        ) AS u (command_id, key, command, origin, origin_seq, reason, died_at, fingerprint)
        """)

    // MARK: - What the partition's owner does besides

    static let beginTrial = Statement(
        "begin_trial", [.int8, .int8, .int8, .int8, .int8, .timestamp],
        """
        INSERT INTO trials (partition, origin, origin_seq, commands, tries, tried_at)
        SELECT p.partition, $2, $3, $4, 1, $6 FROM partitions AS p WHERE p.partition = $1 AND p.epoch = $5
        ON CONFLICT (partition, origin, origin_seq, commands)
        DO UPDATE SET tries = trials.tries + 1, tried_at = excluded.tried_at
        RETURNING tries
        """)

    static let endTrial = Statement(
        "end_trial", [.int8, .int8, .int8, .int8],
        """
        DELETE FROM trials WHERE partition = $1 AND origin = $2 AND origin_seq = $3 AND commands = $4
        """)

    static let wholeVector = Statement(
        "whole_vector", [.int8],
        """
        SELECT p.seq, o.origin, o.n
        FROM partitions AS p LEFT JOIN origins AS o ON o.partition = p.partition
        WHERE p.partition = $1
        """)

    static let forgetOrigins = Statement(
        "forget_origins", [.int8, .timestamp, .int8],
        """
        DELETE FROM origins WHERE partition = $1 AND origin IN (
            SELECT origin FROM origins WHERE partition = $1 AND last_applied_at < $2 ORDER BY last_applied_at LIMIT $3)
        RETURNING origin
        """)

    static let keysChanged = Statement(
        "keys_changed", [.int8, .int8, .int8],
        """
        SELECT DISTINCT key FROM events WHERE partition = $1 AND seq > $2 AND seq <= $3 AND kind NOT IN ('rejected', 'erased')
        """)

    static let keysAwaitingExpiry = Statement(
        "keys_awaiting_expiry", [.int8, .timestamp, .int8],
        """
        WITH p AS (\(partitionRow))
        SELECT key FROM ( -- crdb-check: allow nulls-order -- no NULL passes the filter
            \(served(
                "key, expires_at",
                where: "partition = $1 AND expires_at IS NOT NULL AND expires_at <= $2 AND NOT deleted"))
        ) AS k
        ORDER BY expires_at LIMIT $3
        """)

    // MARK: - Reads

    static let readKey = Statement(
        "read_key", [.int8, .text],
        """
        WITH p AS (\(partitionRow))
        SELECT p.seq, k.version, k.created_version, k.deleted, k.expires_at, k.value, k.content_type, k.modified_at
        FROM p LEFT JOIN (
            \(served(
                "version, created_version, deleted, expires_at, value, content_type, modified_at", where: "key = $2"))
        ) AS k ON true
        """)

    static let vectorOfOrigins = Statement(
        "vector_of_origins", [.int8, .int8s],
        """
        SELECT p.seq, o.origin, o.n
        FROM partitions AS p LEFT JOIN origins AS o ON o.partition = p.partition AND o.origin = ANY($2)
        WHERE p.partition = $1
        """)

    static let appliedOfOrigin = Statement(
        "applied_of_origin", [.int8s, .int8],
        """
        SELECT partition, n FROM origins WHERE partition = ANY($1) AND origin = $2
        """)

    /// A page ends with the row whose value is one too many; the server needs the values' sizes alone to find it.
    static let listKeys = Statement(
        "list_keys", [.text, .text, .text, .timestamp, .int8, .bool, .int8],
        """
        SELECT
            key, size, version, created_version, deleted, expires_at, CASE WHEN $6 THEN value ELSE '' END, content_type,
            modified_at
        FROM (
            SELECT
                key, size, version, created_version, deleted, expires_at, value, content_type, modified_at,
                sum(size) OVER (ORDER BY key) - size AS bytes_before
            FROM (
                SELECT
                    key, octet_length(value)::int8 AS size, version, created_version, deleted, expires_at, value,
                    content_type, modified_at
                FROM (\(listed(.odd)) UNION ALL \(listed(.even))) AS k
                ORDER BY key LIMIT $5
            ) AS page
        ) AS summed
        WHERE bytes_before <= $7 ORDER BY key
        """)

    /// The first rows of a page, of the partitions whose served generation is in the table. The condition without variables
    /// keeps the server from looking for them in a table that has none.
    private static func listed(_ table: ProjectionTable) -> String {
        let partitions = "SELECT partition FROM partitions WHERE generation % 2 = \(table.parity)"
        return """
            (SELECT key, version, created_version, deleted, expires_at, value, content_type, modified_at
            FROM \(table.rawValue)
            WHERE
                key >= $1 AND key > $2 AND key < $3 AND NOT deleted AND (expires_at IS NULL OR expires_at > $4)
                AND EXISTS (\(partitions)) AND partition = ANY(ARRAY(\(partitions)))
            ORDER BY key LIMIT $5)
            """
    }

    private static let eventFields = """
        value_salt, value_commitment, value_size, content_type, expires_at, previous_version, reason, principal,
        command_id, fingerprint, origin, origin_seq, traceparent, issued_at, applied_at, leaf_hash
        """
    static let storedEvent = "seq, kind, key, value, \(eventFields)"
    /// `$5`: with the values.
    static let eventColumns = "seq, kind, key, CASE WHEN $5 THEN value END, \(eventFields)"

    static let history = Statement(
        "history", [.int8, .text, .int8, .int8, .bool, .int8],
        """
        SELECT \(eventColumns)
        FROM (
            SELECT
                \(storedEvent),
                sum(coalesce(value_size, 0)) OVER (ORDER BY seq) - coalesce(value_size, 0) AS bytes_before
            FROM (
                SELECT \(storedEvent) FROM events WHERE partition = $1 AND key = $2 AND seq > $3 ORDER BY seq LIMIT $4
            ) AS page
        ) AS summed
        WHERE bytes_before <= $6 ORDER BY seq
        """)

    static let eventAtVersion = Statement(
        "event_at_version", [.int8, .text, .int8, .int8, .bool],
        """
        SELECT \(eventColumns) FROM events
        WHERE partition = $1 AND key = $2 AND seq <= $3 AND kind NOT IN ('rejected', 'erased') ORDER BY seq DESC LIMIT $4
        """)

    static let eventAtTime = Statement(
        "event_at_time", [.int8, .text, .timestamp, .int8, .bool],
        """
        SELECT \(eventColumns) FROM events
        WHERE partition = $1 AND key = $2 AND applied_at <= $3 AND kind NOT IN ('rejected', 'erased') ORDER BY seq DESC LIMIT $4
        """)

    // MARK: - Leases, by the database's clock

    static let registerWorker = Statement(
        "register_worker", [.uuid, .text, .int8],
        """
        INSERT INTO workers (worker, name, expires_at) VALUES ($1, $2, now() + $3 * INTERVAL '1 microsecond')
        ON CONFLICT (worker) DO UPDATE SET name = excluded.name, expires_at = excluded.expires_at
        """)

    static let renewLeases = Statement(
        "renew_leases", [.uuid, .int8],
        """
        UPDATE leases SET expires_at = now() + $2 * INTERVAL '1 microsecond' WHERE owner = $1
        """)

    /// Skips rows that another worker is at, so that two that come back at once don't wait for each other.
    static let forgetExpiredWorkers = Statement(
        "forget_expired_workers",
        """
        DELETE FROM workers
        WHERE worker IN (SELECT worker FROM workers WHERE expires_at <= now() FOR UPDATE SKIP LOCKED)
        """)

    static let allLeases = Statement(
        "all_leases",
        """
        SELECT l.partition, l.owner, l.epoch, l.expires_at <= now(), p.generation
        FROM leases AS l JOIN partitions AS p ON p.partition = l.partition
        ORDER BY l.partition
        """)

    static let liveWorkers = Statement(
        "live_workers",
        """
        SELECT worker FROM workers WHERE expires_at > now() ORDER BY worker
        """)

    /// One statement, so one transaction: whoever holds the new epoch has it in the partition as well.
    static let acquireLease = Statement(
        "acquire_lease", [.int8, .uuid, .int8],
        """
        WITH taken AS (
            UPDATE leases SET owner = $2, epoch = leases.epoch + 1, expires_at = now() + $3 * INTERVAL '1 microsecond'
            WHERE partition = $1 AND (owner IS NULL OR owner = $2 OR expires_at <= now())
            RETURNING epoch)
        UPDATE partitions SET epoch = taken.epoch FROM taken WHERE partitions.partition = $1 RETURNING taken.epoch
        """)

    static let releaseLease = Statement(
        "release_lease", [.int8, .uuid],
        """
        UPDATE leases SET owner = NULL, expires_at = now() WHERE partition = $1 AND owner = $2
        """)

    static let releaseAllLeases = Statement(
        "release_all_leases", [.uuid],
        """
        UPDATE leases SET owner = NULL, expires_at = now() WHERE owner = $1
        """)

    static let removeWorker = Statement(
        "remove_worker", [.uuid],
        """
        DELETE FROM workers WHERE worker = $1
        """)

    // MARK: - The cluster

    static let loadCluster = Statement(
        "load_cluster",
        """
        SELECT c.cluster_id, c.partitions, c.secret FROM cluster AS c WHERE c.id = 1
        """)
}
