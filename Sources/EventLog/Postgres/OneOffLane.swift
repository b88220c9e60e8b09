import Lanes

/// A thread and a connection for one piece of work, such as a migration.
enum OneOffLane {
    static func run<Value: Sendable>(
        _ configuration: PostgresConfiguration, role: PostgresRole,
        _ work: @escaping @Sendable (PostgresConnection) throws(EventLogError) -> Value
    ) async throws(EventLogError) -> Value {
        try await withCheckedContinuation { (answer: CheckedContinuation<Result<Value, EventLogError>, Never>) in
            _ = Lane<Void>(name: role.rawValue, capacity: 1) { _ in
                let connection = PostgresConnection(configuration, role: role, metrics: EventLogMetrics(role: role))
                let result: Result<Value, EventLogError>
                do throws(EventLogError) {
                    result = .success(try work(connection))
                } catch {
                    result = .failure(error)
                }
                connection.close()
                answer.resume(returning: result)
            }
        }.get()
    }
}

extension PostgresConnection {
    /// One statement with what stands in `parameters`, in a transaction and a round trip of its own.
    func run(_ statement: Statement) throws(PostgresFailure) -> PostgresResult {
        do throws(PostgresFailure) {
            try open()
            try send(statement)
            try synchronize()
            let result = try next()
            try finish()
            return result
        } catch {
            rollBack()
            throw error
        }
    }
}
