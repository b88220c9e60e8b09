import EventLog

extension DatabaseClient: TrialStore {
    func begin(_ trial: Trial, epoch: UInt64) async throws(EventLogError) -> Int {
        guard let tries = try await askOrFail({ [database] in database.begin(trial, epoch: epoch) }) else {
            throw EventLogError(.fenced, "no longer epoch \(epoch)")
        }
        return tries
    }

    func end(_ trial: Trial) async throws(EventLogError) {
        try await askOrFail { [database] in database.end(trial) }
    }
}
