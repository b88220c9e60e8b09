/// What the migrator runs besides the migrations themselves. Every statement is safe to run twice.
enum MigrationStatements {
    static let createTables = [
        Statement(
            "create_schema_migrations",
            """
            CREATE TABLE IF NOT EXISTS schema_migrations (
                version    INT8        NOT NULL PRIMARY KEY,
                name       TEXT        NOT NULL,
                applied_at TIMESTAMPTZ NOT NULL
            )
            """),
        // A row in place of an advisory lock, which CockroachDB has not; its expiry frees it when its owner dies.
        Statement(
            "create_schema_guard",
            """
            CREATE TABLE IF NOT EXISTS schema_guard (
                id         INT8        NOT NULL PRIMARY KEY CHECK (id = 1),
                owner      UUID        NOT NULL,
                expires_at TIMESTAMPTZ NOT NULL
            )
            """),
    ]

    /// Takes the guard or renews it; a row comes back when it is ours.
    static let takeGuard = Statement(
        "take_guard", [.uuid],
        """
        INSERT INTO schema_guard (id, owner, expires_at) VALUES (1, $1, now() + INTERVAL '1 minute')
        ON CONFLICT (id) DO UPDATE SET owner = excluded.owner, expires_at = excluded.expires_at
        WHERE schema_guard.owner = excluded.owner OR schema_guard.expires_at <= now()
        RETURNING owner
        """)

    static let releaseGuard = Statement(
        "release_guard", [.uuid],
        """
        DELETE FROM schema_guard WHERE owner = $1
        """)

    static let appliedVersions = Statement(
        "applied_versions",
        """
        SELECT version FROM schema_migrations ORDER BY version
        """)

    static let recordVersion = Statement(
        "record_version", [.int8, .text],
        """
        INSERT INTO schema_migrations (version, name, applied_at) VALUES ($1, $2, now()) ON CONFLICT (version) DO NOTHING
        """)

    static let compareTexts = Statement(
        "compare_texts",
        """
        SELECT 'a' < 'B'
        """)

    static let createCluster = Statement(
        "create_cluster", [.uuid, .int8, .bytes],
        """
        INSERT INTO cluster (id, cluster_id, partitions, secret, generation, created_at) VALUES (1, $1, $2, $3, 1, now())
        ON CONFLICT (id) DO NOTHING
        """)

    static let createPartitions = Statement(
        "create_partitions", [.int8s, .timestamp],
        """
        INSERT INTO partitions (partition, seq, epoch, tree, last_applied_at)
        SELECT u.partition, 0, 0, '', $2 FROM unnest($1::int8[]) AS u (partition)
        ON CONFLICT (partition) DO NOTHING
        """)

    static let createLeases = Statement(
        "create_leases", [.int8s, .timestamp],
        """
        INSERT INTO leases (partition, owner, epoch, expires_at)
        SELECT u.partition, NULL, 0, $2 FROM unnest($1::int8[]) AS u (partition)
        ON CONFLICT (partition) DO NOTHING
        """)
}
