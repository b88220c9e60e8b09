import Commands

/// Looks commands up in the log and among the dead letters; two statements of the caller's pipeline.
enum CommandLookup {
    static func send(
        _ commands: [CommandID], in partitions: [Partition], _ connection: PostgresConnection
    ) throws(PostgresFailure) {
        for statement in [Statements.recordedCommands, Statements.deadCommands] {
            connection.parameters.int8s(partitions.map { Int64($0.number) })
            connection.parameters.uuids(commands)
            try connection.send(statement)
        }
    }

    static func receive(
        _ connection: PostgresConnection
    ) throws(PostgresFailure) -> [(key: Key, record: RecordedCommand)] {
        let recorded = try connection.next().recordedCommands()
        return try recorded + connection.next().deadCommands()
    }
}
