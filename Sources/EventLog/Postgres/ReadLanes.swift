import Lanes
import Metrics

/// Lanes for reads. What gathered while a lane was busy goes out as one pipeline, with one synchronization point.
final class ReadLanes: Sendable {
    private let lanes: PostgresLanes<Request>
    private let metrics: EventLogMetrics

    typealias Send = @Sendable (PostgresConnection) throws(PostgresFailure) -> Void
    typealias Receive<Value> = @Sendable (PostgresConnection) throws(PostgresFailure) -> Value

    /// One read on its way: which statements it sends, and what it makes of their results.
    private struct Request: Sendable {
        let send: Send
        /// Takes the results off the connection; what it returns answers the caller, once the pipeline has ended well.
        let receive: Receive<@Sendable () -> Void>
        let fail: @Sendable (EventLogError) -> Void
    }

    /// - Parameter pipelineLimit: reads that share a round trip; more would make the first wait for the last.
    init(
        _ configuration: PostgresConfiguration, name: String, role: PostgresRole = .reader, connections: Int,
        maximumWaiting: Int, pipelineLimit: Int = 128
    ) {
        let metrics = EventLogMetrics(role: role)
        self.metrics = metrics
        lanes = PostgresLanes(
            name: name, count: connections, maximumWaiting: maximumWaiting, batchLimit: pipelineLimit,
            configuration: configuration, role: role, metrics: metrics
        ) { requests, connection in
            metrics.reads.increment(by: requests.count)
            Self.serve(requests, connection, metrics)
        }
    }

    var isConnected: Bool { metrics.connections > 0 }

    func close() async { await lanes.close() }

    /// - Parameters:
    ///   - send: sends the statements; runs again when the connection was lost, so they only read or may run twice.
    ///   - receive: calls `next` once for each statement sent.
    func run<Value: Sendable>(
        send: @escaping Send, receive: @escaping Receive<Value>
    ) async throws(EventLogError) -> Value {
        try await withCheckedContinuation { (answer: CheckedContinuation<Result<Value, EventLogError>, Never>) in
            let request = Request(
                send: send,
                receive: { connection throws(PostgresFailure) in
                    let value = try receive(connection)
                    return { answer.resume(returning: .success(value)) }
                },
                fail: { answer.resume(returning: .failure($0)) })
            switch lanes.submit(request) {
            case .accepted: break
            case .full:
                metrics.overloaded.increment()
                request.fail(.overloaded)
            case .closed: request.fail(.closed)
            }
        }.get()
    }

    // MARK: - On the lane's thread

    /// A request that the server refuses fails alone; those behind it go out again. A lost connection, or a conflict,
    /// is tried once more.
    private static func serve(_ requests: [Request], _ connection: PostgresConnection, _ metrics: EventLogMetrics) {
        var pending = requests[...]
        var retries = 1
        while !pending.isEmpty {
            var answers: [@Sendable () -> Void] = []
            answers.reserveCapacity(pending.count)
            do throws(PostgresFailure) {
                try connection.open()
                metrics.readPipelines.increment()
                for request in pending { try request.send(connection) }
                try connection.synchronize()
                for request in pending { answers.append(try request.receive(connection)) }
                try connection.finish()
                pending = []
            } catch {
                connection.rollBack()
                let failure = EventLogError(error)
                if retries > 0 && error.mayBeTriedAgain {
                    retries -= 1
                    continue
                }
                guard case .statement = error.kind, answers.count < pending.count else {
                    for request in pending { request.fail(failure) }
                    return
                }
                pending = pending.dropFirst(answers.count)
                pending.removeFirst().fail(failure)
            }
            for answer in answers { answer() }
        }
    }
}

extension PostgresFailure {
    fileprivate var mayBeTriedAgain: Bool {
        switch kind {
        case .lost, .terminated: true
        case .statement(let state): state.hasPrefix("40")
        case .notConnected: false
        }
    }
}
