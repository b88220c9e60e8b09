package import Commands

extension PostgresEventStore: TrialStore {
    package func begin(_ trial: Trial, epoch: UInt64) async throws(EventLogError) -> Int {
        let now = SystemWallClock().now()
        let tries = try await run(Statements.beginTrial) { parameters in
            parameters.trial(trial)
            parameters.int8(Int64(epoch))
            parameters.timestamp(now)
        } receive: { result in
            result.rowCount == 1 ? Int(result.int8(0, 0)) : nil
        }
        guard let tries else {
            throw EventLogError(.fenced, "Partition \(trial.partition) no longer belongs to epoch \(epoch).")
        }
        return tries
    }

    package func end(_ trial: Trial) async throws(EventLogError) {
        try await run(Statements.endTrial) { parameters in
            parameters.trial(trial)
        } receive: { _ in
        }
    }
}

extension ParameterBuffer {
    fileprivate mutating func trial(_ trial: Trial) {
        int8(Int64(trial.partition.number))
        int8(trial.first.origin.bitPattern)
        int8(Int64(trial.first.n))
        int8(Int64(trial.commands))
    }
}
