import Commands
import EventLog

extension DatabaseClient: EventStore {
    private static let maximumAttempts = 10

    /// As `BatchTransaction` does it: two round trips that hold the partition, again after a serialization failure.
    func transact(
        _ read: BatchRead, decide: @escaping @Sendable (PartitionSnapshot) -> BatchDecision
    ) async throws(EventLogError) -> BatchWrite {
        var attempt = 1
        while true {
            let error: EventLogError
            switch await transactOnce(read, decide) {
            case .success(let write): return write
            case .failure(let failure): error = failure
            }
            guard error.code == .contended, attempt < Self.maximumAttempts else { throw error }
            attempt += 1
            try? await Task.sleep(for: .milliseconds(attempt * 5))
        }
    }

    private func transactOnce(
        _ read: BatchRead, _ decide: @escaping @Sendable (PartitionSnapshot) -> BatchDecision
    ) async -> Result<BatchWrite, EventLogError> {
        let transaction = SimulatedDatabase.Transaction(read.partition)
        opened(transaction)
        let begun: (epoch: UInt64, snapshot: PartitionSnapshot)? = await ask { [database] answer in
            database.lock(transaction) {
                database.touch(transaction)
                answer(database.snapshot(read))
            }
        }
        guard let begun else {
            abandon(transaction)
            return .failure(Self.unavailable)
        }
        var snapshot = begun.snapshot
        guard begun.epoch == read.epoch else {
            await rollBack(transaction)
            return .failure(EventLogError(.fenced, "epoch \(begun.epoch), not \(read.epoch)"))
        }
        if simulator.chance(world.rates.contention) {
            await rollBack(transaction)
            return .failure(EventLogError(.contended, "40001"))
        }
        while true {
            switch decide(snapshot) {
            case .write(let write): return await commit(write, transaction)
            case .lookUp(let commands):
                let before = snapshot
                let found: PartitionSnapshot? = await ask { [database] answer in
                    var snapshot = before
                    database.touch(transaction)
                    database.lookUp(commands, &snapshot)
                    answer(snapshot)
                }
                guard let found else {
                    abandon(transaction)
                    return .failure(Self.unavailable)
                }
                snapshot = found
            }
        }
    }

    private func rollBack(_ transaction: SimulatedDatabase.Transaction) async {
        let _: Void? = await ask { [database] answer in answer(database.end(transaction)) }
        abandon(transaction)
    }

    private func commit(
        _ write: BatchWrite, _ transaction: SimulatedDatabase.Transaction
    ) async -> Result<BatchWrite, EventLogError> {
        let contended = simulator.chance(world.rates.contention)
        // The database itself does not know, as after a failure of the node that led the range.
        let ambiguous = simulator.chance(world.rates.ambiguousCommit)
        let ambiguousDone = simulator.chance(0.5)
        let result: Result<Void, EventLogError>? = await ask { [self] answer in
            if contended {
                database.end(transaction)
                return answer(.failure(EventLogError(.contended, "40001")))
            }
            if ambiguous && !ambiguousDone {
                database.end(transaction)
                return answer(.failure(EventLogError(.outcomeUnknown, "40003")))
            }
            switch database.commit(write, transaction) {
            case .terminated: answer(.failure(EventLogError(.outcomeUnknown, "the session was ended")))
            case .duplicateCommand: answer(.failure(EventLogError(.duplicateCommand, "events_by_command")))
            case .done:
                if world.dies(process, at: world.rates.deathAfterCommit, "after the commit") { return }
                answer(ambiguous ? .failure(EventLogError(.outcomeUnknown, "40003")) : .success(()))
            }
        }
        guard let result else {
            abandon(transaction)
            return .failure(EventLogError(.outcomeUnknown, EventLogError.Code.outcomeUnknown.rawValue))
        }
        return result.map { write }
    }

    func vector(of partition: Partition) async throws(EventLogError) -> VersionVector {
        try await askOrFail { [database] in database.vector(of: partition) }
    }

    func keysChanged(
        in partition: Partition, after sequence: UInt64, through: UInt64, limit: Int
    ) async throws(EventLogError) -> [Key]? {
        guard through > sequence else { return [] }
        guard through - sequence <= UInt64(limit) else { return nil }
        return try await askOrFail { [database] in
            database.keysChanged(in: partition, after: sequence, through: through)
        }
    }

    func keysAwaitingExpiry(
        in partition: Partition, at time: Timestamp, limit: Int
    ) async throws(EventLogError) -> [Key] {
        try await askOrFail { [database, world] in
            Array(
                database.keysAwaitingExpiry(in: partition, of: world.cluster.partitioner, at: time).prefix(limit))
        }
    }

    /// No command dies in the simulation: that would be a violation.
    func claimDeadLetter(in partition: Partition) async throws(EventLogError) -> DeadLetter? { nil }

    func returnDeadLetter(_ id: CommandID, in partition: Partition, reason: String) async throws(EventLogError) {}

    func forgetOrigins(
        in partition: Partition, silentSince time: Timestamp, limit: Int
    ) async throws(EventLogError) -> [Origin] {
        try await askOrFail { [database] in database.forgetOrigins(in: partition, silentSince: time, limit: limit) }
    }
}
