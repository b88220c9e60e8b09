import Dispatch
import Lanes
import Synchronization

/// A thread and a connection for one piece of work, such as a migration.
enum OneOffLane {
    /// Runs `work` on a lane of its own while `beside` goes on here: on a lane, too, since it waits for the other.
    static func run<Value: Sendable, Other>(
        _ configuration: PostgresConfiguration, role: PostgresRole,
        _ work: @escaping @Sendable (PostgresConnection) throws(EventLogError) -> Value,
        beside: () throws(EventLogError) -> Other
    ) throws(EventLogError) -> (Value, Other) {
        let done = DispatchSemaphore(value: 0)
        let answer = Mutex<Result<Value, EventLogError>?>(nil)
        start(configuration, role: role, work) { result in
            answer.withLock { $0 = result }
            done.signal()
        }
        let other = Result(catching: beside)
        done.wait()
        return try (answer.withLock { $0! }.get(), other.get())
    }

    static func run<Value: Sendable>(
        _ configuration: PostgresConfiguration, role: PostgresRole,
        _ work: @escaping @Sendable (PostgresConnection) throws(EventLogError) -> Value
    ) async throws(EventLogError) -> Value {
        try await withCheckedContinuation { (answer: CheckedContinuation<Result<Value, EventLogError>, Never>) in
            start(configuration, role: role, work) { answer.resume(returning: $0) }
        }.get()
    }

    private static func start<Value: Sendable>(
        _ configuration: PostgresConfiguration, role: PostgresRole,
        _ work: @escaping @Sendable (PostgresConnection) throws(EventLogError) -> Value,
        answer: @escaping @Sendable (Result<Value, EventLogError>) -> Void
    ) {
        _ = Lane<Void>(name: role.rawValue, capacity: 1) { _ in
            let connection = PostgresConnection(configuration, role: role, metrics: EventLogMetrics(role: role))
            let result: Result<Value, EventLogError>
            do throws(EventLogError) {
                result = .success(try work(connection))
            } catch {
                result = .failure(error)
            }
            connection.close()
            answer(result)
        }
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
