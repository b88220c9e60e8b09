/// What change feeds ask.
extension Statements {
    static let logExtents = Statement(
        "log_extents",
        """
        SELECT p.partition, p.seq, coalesce(r.retained_from, 1)
        FROM partitions AS p LEFT JOIN retention AS r ON r.partition = p.partition
        ORDER BY p.partition
        """)

    static let changes = Statement(
        "changes", [.int8, .int8, .int8, .text, .bool, .text, .int8],
        """
        SELECT \(eventColumns)
        FROM (
            SELECT
                \(storedEvent),
                sum(coalesce(value_size, 0)) OVER (ORDER BY seq) - coalesce(value_size, 0) AS bytes_before
            FROM events
            WHERE partition = $1 AND seq > $2 AND seq <= $3 AND key >= $4 AND key < $6
        ) AS page
        WHERE bytes_before <= $7 ORDER BY seq
        """)

    static let retainedFrom = Statement(
        "retained_from", [.int8],
        """
        SELECT retained_from FROM retention WHERE partition = $1
        """)
}
