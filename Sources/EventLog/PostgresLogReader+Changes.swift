package import Commands

extension PostgresLogReader {
    package func extents() async throws(EventLogError) -> [LogExtent] {
        try await pages.run { connection throws(PostgresFailure) in
            try connection.send(Statements.logExtents)
        } receive: { connection throws(PostgresFailure) in
            let result = try connection.next()
            return (0..<result.rowCount).map { row in
                LogExtent(
                    partition: Partition(Int(result.int8(row, 0))), sequence: result.unsigned(row, 1),
                    retainedFrom: result.unsigned(row, 2))
            }
        }
    }

    /// First the events, then what is retained: if that still begins no later than what was asked for, nothing of it had
    /// been removed before.
    package func changes(
        in partition: Partition, after: UInt64, through: UInt64, prefix: String, valueBytes: Int?
    ) async throws(EventLogError) -> ChangePage? {
        let range = PrefixRange(prefix)
        return try await pages.run { connection throws(PostgresFailure) in
            connection.parameters.int8(Int64(partition.number))
            connection.parameters.int8(Int64(clamping: after))
            connection.parameters.int8(Int64(clamping: through))
            connection.parameters.text(range.lower)
            connection.parameters.bool(valueBytes != nil)
            connection.parameters.text(range.upper)
            connection.parameters.int8(Int64(valueBytes ?? .max))
            try connection.send(Statements.changes)
            connection.parameters.int8(Int64(partition.number))
            try connection.send(Statements.retainedFrom)
        } receive: { connection throws(PostgresFailure) in
            let events = try connection.next().events(in: partition)
            let retention = try connection.next()
            if retention.rowCount == 1, retention.unsigned(0, 0) > after + 1 { return nil }
            return ChangePage(events: events, through: through, valueBytes: valueBytes)
        }
    }
}
