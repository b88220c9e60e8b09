/// What operators and a partition's owner ask of the dead letters.
extension Statements {
    // MARK: - The owner

    /// The keys whose later commands wait behind a dead letter.
    static let quarantinedKeys = Statement(
        "quarantined_keys", [.int8, .texts],
        """
        SELECT DISTINCT key FROM dead_letters WHERE partition = $1 AND key = ANY($2) AND state <> 'dropped'
        """)

    /// Takes the oldest letter that is to be applied: one that an operator wants tried again, or one that was held behind
    /// another of its key and now has none before it that waits for a decision.
    static let claimDeadLetter = Statement(
        "claim_dead_letter", [.int8, .text],
        """
        UPDATE dead_letters SET state = 'retry'
        WHERE partition = $1 AND state IN ('retry', 'dead') AND command_id = (
            SELECT d.command_id FROM dead_letters AS d
            WHERE d.partition = $1 AND (
                d.state = 'retry' OR d.state = 'dead' AND d.reason = $2 AND NOT EXISTS (
                    SELECT 1 FROM dead_letters AS b
                    WHERE b.partition = $1 AND b.key = d.key AND b.state = 'dead' AND b.reason <> $2))
            ORDER BY d.died_at LIMIT 1)
        RETURNING command, origin, origin_seq, reason, died_at
        """)

    /// Goes with the event, in its transaction.
    static let releaseDeadLetters = Statement(
        "release_dead_letters", [.int8, .uuids],
        """
        DELETE FROM dead_letters WHERE partition = $1 AND command_id = ANY($2)
        """)

    static let returnDeadLetter = Statement(
        "return_dead_letter", [.int8, .uuid, .text],
        """
        UPDATE dead_letters SET state = 'dead', reason = $3 WHERE partition = $1 AND command_id = $2 AND state = 'retry'
        """)

    // MARK: - Operators

    private static let recordColumns =
        "partition, command_id, key, reason, died_at, seq, state, decided_at, decided_by, decision"

    static let listDeadLetters = Statement(
        "list_dead_letters", [.text, .text],
        """
        SELECT \(recordColumns) FROM dead_letters WHERE key >= $1 AND key < $2 ORDER BY died_at, partition
        """)

    static let showDeadLetter = Statement(
        "show_dead_letter", [.uuid],
        """
        SELECT \(recordColumns), command, origin, origin_seq FROM dead_letters WHERE command_id = $1
        """)

    /// Those that were held follow by themselves, in order.
    static let retryDeadLetters = Statement(
        "retry_dead_letters", [.uuids, .bool, .text, .text, .timestamp],
        """
        UPDATE dead_letters SET state = 'retry', decided_by = $4, decided_at = $5
        WHERE (command_id = ANY($1) OR $2) AND state = 'dead' AND reason <> $3
        RETURNING command_id
        """)

    /// Not while the owner is at it.
    static let dropDeadLetter = Statement(
        "drop_dead_letter", [.uuid, .text, .text, .timestamp],
        """
        UPDATE dead_letters SET state = 'dropped', decided_by = $2, decision = $3, decided_at = $4
        WHERE command_id = $1 AND state = 'dead'
        RETURNING command_id
        """)
}
