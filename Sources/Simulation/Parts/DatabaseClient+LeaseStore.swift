import Commands
import EventLog

extension DatabaseClient: LeaseStore {
    func renew(
        _ worker: WorkerID, name: String, for duration: Duration
    ) async throws(EventLogError) -> LeaseTable {
        try await askOrFail { [database, simulator] in
            database.leases.renew(worker, until: simulator.now + duration.inNanoseconds, at: simulator.now)
        }
    }

    /// Waits for the partition's row, as the statement does that raises its epoch.
    func acquire(
        _ partition: Partition, by worker: WorkerID, for duration: Duration
    ) async throws(EventLogError) -> UInt64? {
        let transaction = SimulatedDatabase.Transaction(partition)
        let acquired: UInt64?? = await ask { [database, simulator] answer in
            database.lock(transaction) {
                let epoch = database.leases.acquire(
                    partition, by: worker, until: simulator.now + duration.inNanoseconds, at: simulator.now)
                if let epoch { database.raiseEpoch(partition, to: epoch) }
                database.end(transaction)
                answer(epoch)
            }
        }
        guard let acquired else { throw Self.unavailable }
        simulator.note("lease of \(partition): \(acquired.map { "epoch \($0)" } ?? "somebody else's")")
        return acquired
    }

    func release(_ partition: Partition, by worker: WorkerID) async throws(EventLogError) {
        try await askOrFail { [database, simulator] in
            database.leases.release(partition, by: worker, at: simulator.now)
        }
    }

    func leave(_ worker: WorkerID) async throws(EventLogError) {
        try await askOrFail { [database, simulator] in database.leases.leave(worker, at: simulator.now) }
    }
}
