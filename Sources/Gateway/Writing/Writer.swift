package import Commands
package import EventLog
import Synchronization

/// Makes commands of requests, hands them to the bus, and waits for as much as the client asked for.
package struct Writer: Sendable {
    let bus: any CommandBus
    let issuer: CommandIDIssuer
    let partitioner: Partitioner
    let outcomes: OutcomeRegistry
    let log: any LogReader
    let clock: any WallClock

    package init(
        bus: any CommandBus, issuer: CommandIDIssuer, partitioner: Partitioner, outcomes: OutcomeRegistry,
        log: any LogReader, clock: any WallClock
    ) {
        self.bus = bus
        self.issuer = issuer
        self.partitioner = partitioner
        self.outcomes = outcomes
        self.log = log
        self.clock = clock
    }

    package func write(_ request: WriteRequest) async throws(GatewayError) -> WriteResult {
        let (command, partition) = command(for: request)
        guard let wait = request.wait else {
            do {
                return .accepted(command.id, partition, try await bus.publish(command, to: partition))
            } catch {
                throw GatewayError(error, command.id)
            }
        }
        let ticket = outcomes.register(command.id, in: partition)
        let published: Result<Dot, BusError>
        do {
            published = .success(try await bus.publish(command, to: partition))
        } catch {
            published = .failure(error)
        }
        return try await ended(command, partition, ticket, published, wait: wait)
    }

    /// Writes in order: commands of one partition are enqueued as they stand in `requests`.
    package func write(_ requests: [WriteRequest]) async -> [Result<WriteResult, GatewayError>] {
        let tickets = requests.map { request in
            let (command, partition) = command(for: request)
            let waiting = request.wait.map { ($0, outcomes.register(command.id, in: partition)) }
            return (command: command, partition: partition, waiting: waiting)
        }
        let published = await submit(tickets.map { ($0.command, $0.partition) })
        return await withTaskGroup(of: (Int, Result<WriteResult, GatewayError>).self) { group in
            var results = [Result<WriteResult, GatewayError>?](repeating: nil, count: requests.count)
            for (index, (ticket, dot)) in zip(tickets, published).enumerated() {
                guard let (wait, waiting) = ticket.waiting else {
                    results[index] = dot.map { .accepted(ticket.command.id, ticket.partition, $0) }
                        .mapError { GatewayError($0, ticket.command.id) }
                    continue
                }
                group.addTask {
                    (index, await result(of: ticket.command, ticket.partition, waiting, dot, wait: wait))
                }
            }
            for await (index, result) in group { results[index] = result }
            return results.map { $0! }
        }
    }

    /// Sends a barrier and waits until everything enqueued before it has been applied.
    package func barrier(_ key: Key, principal: String, timeout: Duration) async throws(GatewayError) {
        let partition = partitioner.partition(of: key)
        guard try await passes(partition, key, principal: principal, timeout: timeout) else {
            throw GatewayError(
                .barrierTimeout,
                "The writes acknowledged before this read were not all applied in time. Try again, or read with "
                    + "Tidemark-Consistency: applied.")
        }
    }

    /// - Returns: whether the barrier came through in time: then every write of the partition that was acknowledged
    ///   before the call is applied.
    package func passes(
        _ partition: Partition, _ key: Key, principal: String, timeout: Duration
    ) async throws(GatewayError) -> Bool {
        let now = clock.now()
        let command = Command(
            id: issuer.next(at: now), operation: .barrier, key: key, principal: principal, issuedAt: now,
            wantsOutcome: true)
        let ticket = outcomes.register(command.id, in: partition)
        do {
            _ = try await bus.publish(command, to: partition)
        } catch {
            outcomes.withdraw(ticket)
            throw GatewayError(error, nil)
        }
        return await outcomes.outcome(for: ticket, timeout: timeout) != nil
    }

    // MARK: -

    private func command(for request: WriteRequest) -> (Command, Partition) {
        let now = clock.now()
        let id =
            request.idempotencyKey.map {
                issuer.derived(principal: request.principal, key: request.key, idempotencyKey: $0)
            } ?? issuer.next(at: now)
        let fingerprint = request.idempotencyKey.map { _ in
            Fingerprint(
                of: request.operation, precondition: request.precondition, timeToLive: request.timeToLive)
        }
        let command = Command(
            id: id, operation: request.operation, key: request.key, precondition: request.precondition,
            timeToLive: request.timeToLive, principal: request.principal, issuedAt: now, fingerprint: fingerprint,
            traceparent: request.traceparent, wantsOutcome: request.wait != nil)
        return (command, partitioner.partition(of: request.key))
    }

    private func submit(_ commands: [(Command, Partition)]) async -> [Result<Dot, BusError>] {
        guard !commands.isEmpty else { return [] }
        return await withCheckedContinuation { continuation in
            let gathered = Gathered(count: commands.count, continuation)
            for (index, (command, partition)) in commands.enumerated() {
                bus.submit(command, to: partition) { gathered.set($0, at: index) }
            }
        }
    }

    /// A function, not the task's closure, for the reason that `GatewayResponder.read` has.
    private func result(
        of command: Command, _ partition: Partition, _ ticket: OutcomeRegistry.Ticket,
        _ published: Result<Dot, BusError>, wait: Duration
    ) async -> Result<WriteResult, GatewayError> {
        do throws(GatewayError) {
            return .success(try await ended(command, partition, ticket, published, wait: wait))
        } catch {
            return .failure(error)
        }
    }

    /// Waits for the outcome of a durable command.
    private func ended(
        _ command: Command, _ partition: Partition, _ ticket: OutcomeRegistry.Ticket,
        _ published: Result<Dot, BusError>, wait: Duration
    ) async throws(GatewayError) -> WriteResult {
        let dot: Dot
        switch published {
        case .success(let value): dot = value
        case .failure(let error):
            outcomes.withdraw(ticket)
            throw GatewayError(error, command.id)
        }
        let elapsed = clock.now() - command.issuedAt
        if let outcome = await outcomes.outcome(for: ticket, timeout: max(.zero, wait - elapsed)) {
            return .ended(outcome)
        }
        // An outcome can be lost on its way; the log can't. A command with an Idempotency-Key is told only what is certain.
        if command.fingerprint == nil, let record = try? await log.commands([command.id], in: partition)[command.id] {
            return .ended(record.outcome)
        }
        return .accepted(command.id, partition, dot)
    }
}

/// Collects the answers to a batch and hands them over when the last one is there.
private final class Gathered: Sendable {
    private struct State {
        var results: [Result<Dot, BusError>?]
        var missing: Int
        var continuation: CheckedContinuation<[Result<Dot, BusError>], Never>
    }

    private let state: Mutex<State>

    init(count: Int, _ continuation: CheckedContinuation<[Result<Dot, BusError>], Never>) {
        state = Mutex(State(results: .init(repeating: nil, count: count), missing: count, continuation: continuation))
    }

    func set(_ result: Result<Dot, BusError>, at index: Int) {
        state.withLock { state in
            state.results[index] = result
            state.missing -= 1
            if state.missing == 0 { state.continuation.resume(returning: state.results.map { $0! }) }
        }
    }
}

extension GatewayError {
    init(_ error: BusError, _ command: CommandID?) {
        switch error.code {
        case .unavailable, .unroutable: self.init(.brokerUnavailable, error.message)
        case .full: self.init(.queueFull, error.message)
        case .outcomeUnknown: self.init(.ackUnknown, error.message, command: command)
        }
    }
}
