package import Commands

extension PostgresEventStore {
    package func claimDeadLetter(in partition: Partition) async throws(EventLogError) -> DeadLetter? {
        try await run(Statements.claimDeadLetter) { parameters in
            parameters.int8(Int64(partition.number))
            parameters.text(DeadLetter.heldBehind)
        } receive: { result in
            guard result.rowCount == 1 else { return nil }
            return DeadLetter(
                command: result.command(0, 0), partition: partition, dot: result.dot(0, 1)!, reason: result.text(0, 3),
                diedAt: result.timestamp(0, 4))
        }
    }

    package func returnDeadLetter(
        _ id: CommandID, in partition: Partition, reason: String
    ) async throws(EventLogError) {
        try await run(Statements.returnDeadLetter) { parameters in
            parameters.int8(Int64(partition.number))
            parameters.uuid(id)
            parameters.text(reason)
        } receive: { _ in
        }
    }
}
