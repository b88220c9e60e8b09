package import Commands
import Foundation

/// Where operators look at dead letters and decide about them. A decision is a mark on the letter: what follows from it is
/// done by the partition's owner, in its transactions.
package struct DeadLetterDesk: Sendable {
    private static let attempts = 10

    private let configuration: PostgresConfiguration
    private let partitions: [Partition]

    package init(_ configuration: PostgresConfiguration, partitioner: Partitioner) {
        self.configuration = configuration
        partitions = partitioner.partitions
    }

    /// Those of keys that begin with `prefix`, the oldest first.
    package func list(prefix: String = "") async throws(EventLogError) -> [DeadLetterRecord] {
        let range = PrefixRange(prefix)
        return try await run(.reader) { connection throws(PostgresFailure) in
            connection.parameters.text(range.lower)
            connection.parameters.text(range.upper)
            let result = try connection.run(Statements.listDeadLetters)
            return (0..<result.rowCount).map { result.deadLetterRecord($0) }
        }
    }

    /// - Returns: `nil` when no letter has this id.
    package func show(
        _ id: CommandID
    ) async throws(EventLogError) -> (record: DeadLetterRecord, command: Command, dot: Dot)? {
        try await run(.reader) { connection throws(PostgresFailure) in
            connection.parameters.uuid(id)
            let result = try connection.run(Statements.showDeadLetter)
            guard result.rowCount == 1 else { return nil }
            return (result.deadLetterRecord(0), result.command(0, 10), result.dot(0, 11)!)
        }
    }

    /// Asks the owners to apply these letters, or all that wait for a decision. Asking twice is asking once.
    ///
    /// - Returns: those that will be tried.
    package func retry(_ ids: [CommandID]?, by who: String) async throws(EventLogError) -> [CommandID] {
        try await run(.writer) { connection throws(PostgresFailure) in
            connection.parameters.uuids(ids ?? [])
            connection.parameters.bool(ids == nil)
            connection.parameters.text(DeadLetter.heldBehind)
            connection.parameters.text(who)
            connection.parameters.timestamp(SystemWallClock().now())
            let result = try connection.run(Statements.retryDeadLetters)
            return (0..<result.rowCount).map { result.commandID($0, 0) }
        }
    }

    /// - Returns: whether it was dropped: only a letter that waits for a decision can be.
    package func drop(_ id: CommandID, by who: String, because why: String) async throws(EventLogError) -> Bool {
        try await run(.writer) { connection throws(PostgresFailure) in
            connection.parameters.uuid(id)
            connection.parameters.text(who)
            connection.parameters.text(why)
            connection.parameters.timestamp(SystemWallClock().now())
            return try connection.run(Statements.dropDeadLetter).rowCount == 1
        }
    }

    /// What became of a command, according to log and dead letters.
    package func outcome(of id: CommandID) async throws(EventLogError) -> Outcome? {
        try await run(.reader) { connection throws(PostgresFailure) in
            try connection.open()
            do throws(PostgresFailure) {
                try CommandLookup.send([id], in: partitions, connection)
                try connection.synchronize()
                let found = try CommandLookup.receive(connection)
                try connection.finish()
                return found.first?.record.outcome
            } catch {
                connection.rollBack()
                throw error
            }
        }
    }

    /// On a connection of its own; conflicts with an owner's transaction run it again.
    private func run<Value: Sendable>(
        _ role: PostgresRole, _ work: @escaping @Sendable (PostgresConnection) throws(PostgresFailure) -> Value
    ) async throws(EventLogError) -> Value {
        try await OneOffLane.run(configuration, role: role) { connection throws(EventLogError) in
            var attempt = 1
            while true {
                do throws(PostgresFailure) {
                    return try work(connection)
                } catch {
                    let failure = EventLogError(error)
                    guard failure.code == .contended, attempt < Self.attempts else { throw failure }
                }
                Thread.sleep(forTimeInterval: 0.01 * Double(attempt))
                attempt += 1
            }
        }
    }
}

extension PostgresResult {
    fileprivate func deadLetterRecord(_ row: Int) -> DeadLetterRecord {
        guard let state = DeadLetterRecord.State(rawValue: text(row, 6)) else {
            preconditionFailure("a dead letter is in a state that this version doesn't know: \(text(row, 6))")
        }
        return DeadLetterRecord(
            partition: Partition(Int(int8(row, 0))), command: commandID(row, 1), key: key(row, 2), reason: text(row, 3),
            diedAt: timestamp(row, 4), sequence: unsigned(row, 5), state: state, decidedAt: optionalTimestamp(row, 7),
            decidedBy: optionalText(row, 8), decision: optionalText(row, 9))
    }
}
