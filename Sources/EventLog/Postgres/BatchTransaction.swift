import Commands

/// One batch's transaction, as a lane runs it: two round trips when nothing is in its way.
///
/// The first sends two pipelines at once: the keys' rows at some sequence and generation of the partition, then BEGIN and
/// the partition's row under lock, which must have the same ones. So the serializable transaction itself reads nothing that
/// other partitions write, and conflicts only with a second owner.
struct BatchTransaction: Sendable {
    let read: BatchRead
    let decide: @Sendable (PartitionSnapshot) -> BatchDecision

    /// One attempt.
    func run(on connection: PostgresConnection) -> Result<BatchWrite, EventLogError> {
        do throws(PostgresFailure) {
            try connection.open()
            var (standing, snapshot) = try begin(connection)
            guard let standing, standing.epoch == read.epoch else {
                connection.rollBack()
                return .failure(refusal(standing?.epoch))
            }
            while true {
                switch decide(snapshot) {
                case .lookUp(let commands):
                    // The same snapshot of the database, so it is as good as beginning again.
                    try CommandLookup.send(commands, in: [read.partition], connection)
                    try connection.synchronize()
                    try snapshot.addRecorded(commands, CommandLookup.receive(connection))
                    try connection.finish()
                case .write(let write):
                    return BatchCommit(write: write, partition: read.partition, tables: standing.tables)
                        .run(on: connection)
                }
            }
        } catch {
            connection.rollBack()
            return .failure(EventLogError(error))
        }
    }

    /// - Returns: `nil` for the standing when there is no such partition.
    private func begin(
        _ connection: PostgresConnection
    ) throws(PostgresFailure) -> (standing: PartitionStanding?, snapshot: PartitionSnapshot) {
        if !read.keys.isEmpty {
            connection.parameters.int8(Int64(read.partition.number))
            connection.parameters.keys(read.keys)
            try connection.send(Statements.keyStates)
            try connection.synchronize()
        }
        try connection.send(Statements.begin)
        connection.parameters.int8(Int64(read.partition.number))
        try connection.send(Statements.lockPartition)
        if !read.origins.isEmpty {
            connection.parameters.int8(Int64(read.partition.number))
            connection.parameters.int8s(read.origins.map(\.bitPattern))
            try connection.send(Statements.appliedOfOrigins)
        }
        if !read.commandIDs.isEmpty { try CommandLookup.send(read.commandIDs, in: [read.partition], connection) }
        let quarantine = read.quarantine && !read.keys.isEmpty
        if quarantine {
            connection.parameters.int8(Int64(read.partition.number))
            connection.parameters.keys(read.keys)
            try connection.send(Statements.quarantinedKeys)
        }
        try connection.synchronize()

        var keys: (sequence: UInt64?, generation: Int64?, states: [Key: KeyState])?
        if !read.keys.isEmpty {
            keys = try connection.next().keyStates()
            try connection.finish()
        }
        _ = try connection.next()
        var (standing, snapshot) = try connection.next().partition(read.partition)
        if !read.origins.isEmpty { snapshot.applied = try connection.next().applied(from: 0) }
        if !read.commandIDs.isEmpty { try snapshot.addRecorded(read.commandIDs, CommandLookup.receive(connection)) }
        if quarantine { snapshot.quarantined = Set(try connection.next().keys()) }
        try connection.finish()
        if let keys {
            let same = keys.sequence == snapshot.sequence && keys.generation == standing?.generation
            guard same || standing?.epoch != read.epoch else {
                throw PostgresFailure(
                    kind: .statement(sqlState: "40001"), message: "the partition moved on between the two reads",
                    statement: Statements.keyStates.name)
            }
            snapshot.keys = keys.states
        }
        return (standing, snapshot)
    }

    private func refusal(_ found: UInt64?) -> EventLogError {
        guard let found else {
            return EventLogError(
                .misconfigured, "The database has no partition \(read.partition): run `tidemark migrate` on it.")
        }
        return EventLogError(
            .fenced, "Partition \(read.partition) belongs to epoch \(found); this worker has \(read.epoch).")
    }
}

extension PartitionSnapshot {
    fileprivate mutating func addRecorded(_ asked: [CommandID], _ found: [(key: Key, record: RecordedCommand)]) {
        lookedUp.formUnion(asked)
        for (_, record) in found { recorded[record.outcome.command] = record }
    }
}
