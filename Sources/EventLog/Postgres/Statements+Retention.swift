/// Erasure and the archive.
extension Statements {
    // MARK: - An erasure, in its batch's transaction

    static let eraseValues = Statement(
        "erase_values", [.int8, .texts, .int8s, .int8s],
        """
        UPDATE events SET value = NULL, value_salt = NULL
        FROM unnest($2::text[], $3::int8[], $4::int8[]) AS u (key, first, last)
        WHERE events.partition = $1 AND events.key = u.key AND events.seq >= u.first AND events.seq <= u.last
            AND events.value_salt IS NOT NULL
        """)

    /// In both tables: a generation that is being built, or was left half built, may hold the value as well.
    static let eraseProjected = TableStatement("erase_projected", [.int8, .texts, .int8s, .int8s]) { table in
        """
        UPDATE \(table.rawValue) SET value = ''::bytea
        FROM unnest($2::text[], $3::int8[], $4::int8[]) AS u (key, first, last)
        WHERE \(table.rawValue).partition = $1 AND \(table.rawValue).key = u.key
            AND \(table.rawValue).version >= u.first AND \(table.rawValue).version <= u.last
        """
    }

    /// The row stays, and with it the knowledge that the command has ended; there is nothing left to try again.
    static let eraseDeadLetters = Statement(
        "erase_dead_letters", [.int8, .texts, .timestamps, .bytes],
        """
        UPDATE dead_letters SET command = $4, state = 'dropped', decision = coalesce(decision, 'erased')
        FROM unnest($2::text[], $3::timestamptz[]) AS u (key, through)
        WHERE dead_letters.partition = $1 AND dead_letters.key = u.key AND dead_letters.died_at <= u.through
        """)

    // MARK: - What there is to erase

    /// Asks the log, not a projection: whatever is in the log is found.
    static let erasableKeys = Statement(
        "erasable_keys", [.int8, .text, .text, .text, .int8, .bytes],
        """
        SELECT key FROM (
            (SELECT DISTINCT key FROM events
                WHERE partition = $1 AND key >= $2 AND key > $3 AND key < $4 AND value_salt IS NOT NULL
                ORDER BY key LIMIT $5)
            UNION
            (SELECT DISTINCT key FROM dead_letters
                WHERE partition = $1 AND key >= $2 AND key > $3 AND key < $4 AND command <> $6
                ORDER BY key LIMIT $5)
        ) AS keys ORDER BY key LIMIT $5
        """)

    static let erasableVersions = Statement(
        "erasable_versions", [.int8, .text, .int8, .int8],
        """
        SELECT seq FROM events
        WHERE partition = $1 AND key = $2 AND seq >= $3 AND seq <= $4 AND value_salt IS NOT NULL ORDER BY seq
        """)

    static let erasableDeadLetters = Statement(
        "erasable_dead_letters", [.int8, .text, .bytes],
        """
        SELECT count(*) FROM dead_letters WHERE partition = $1 AND key = $2 AND command <> $3
        """)

    // MARK: - The archive

    /// A page of the log; it ends with the row whose value is one too many.
    static let eventsAfter = Statement(
        "events_after", [.int8, .int8, .int8, .int8],
        """
        SELECT \(storedEvent)
        FROM (
            SELECT
                \(storedEvent),
                sum(coalesce(octet_length(value), 0)) OVER (ORDER BY seq) - coalesce(octet_length(value), 0) AS bytes_before
            FROM (
                SELECT \(storedEvent) FROM events WHERE partition = $1 AND seq > $2 ORDER BY seq LIMIT $3
            ) AS page
        ) AS summed
        WHERE bytes_before <= $4 ORDER BY seq
        """)

    static let erasedVersions = Statement(
        "erased_versions", [.int8, .int8, .int8],
        """
        SELECT seq FROM events
        WHERE partition = $1 AND seq >= $2 AND seq <= $3 AND kind = 'put' AND value_salt IS NULL
        """)

    static let partitionHead = Statement(
        "partition_head", [.int8],
        """
        SELECT seq, tree FROM partitions WHERE partition = $1
        """)

    static let archives = Statement(
        "archives",
        """
        SELECT partition, from_seq, to_seq, file, checksum, tree FROM archives ORDER BY partition, from_seq
        """)

    static let archivesOfPartition = Statement(
        "archives_of_partition", [.int8],
        """
        SELECT partition, from_seq, to_seq, file, checksum, tree FROM archives WHERE partition = $1 ORDER BY from_seq
        """)

    /// Twice the same changes nothing; another one that begins there is refused by the key.
    static let registerArchive = Statement(
        "register_archive", [.int8, .int8, .int8, .text, .bytes, .bytes],
        """
        INSERT INTO archives (partition, from_seq, to_seq, file, checksum, tree, written_at)
        VALUES ($1, $2, $3, $4, $5, $6, now())
        ON CONFLICT (partition, from_seq) DO UPDATE SET file = excluded.file, checksum = excluded.checksum
        WHERE archives.to_seq = excluded.to_seq
        RETURNING from_seq
        """)

    /// A value stays while it is what its key holds: then the log alone still gives the present state of every key.
    static let takeArchivedValues = Statement(
        "take_archived_values", [.int8, .int8, .int8],
        """
        UPDATE events SET value = NULL
        WHERE partition = $1 AND seq > $2 AND seq <= $3 AND value IS NOT NULL AND EXISTS (
            SELECT 1 FROM events AS later
            WHERE later.partition = $1 AND later.key = events.key AND later.seq > events.seq
                AND later.kind NOT IN ('rejected', 'erased'))
        RETURNING seq
        """)

    // MARK: - Moving a store

    /// An empty store becomes the one that its history is brought into.
    static let adoptCluster = Statement(
        "adopt_cluster", [.uuid, .bytes],
        """
        UPDATE cluster SET cluster_id = $1, secret = $2
        WHERE id = 1 AND NOT EXISTS (SELECT 1 FROM partitions WHERE seq > 0)
        RETURNING id
        """)
}
