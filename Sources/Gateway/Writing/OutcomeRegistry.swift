package import Commands
import Synchronization

/// The requests of this gateway that wait for the outcome of their command.
package final class OutcomeRegistry: Sendable {
    /// One waiting request.
    package struct Ticket: Hashable, Sendable {
        let command: CommandID
        let partition: Partition
        let number: UInt64
    }

    private enum Waiter {
        case registered
        case ended(Outcome)
        case suspended(CheckedContinuation<Outcome?, Never>)
    }

    private struct State {
        var lastNumber: UInt64 = 0
        var waiters: [Ticket: Waiter] = [:]
        /// Requests with one `Idempotency-Key` share an id; their commands go through one queue, so their outcomes come
        /// in the order of the requests.
        var queues: [CommandID: [Ticket]] = [:]

        func hasEnded(_ ticket: Ticket) -> Bool {
            if case .ended = waiters[ticket] { true } else { false }
        }

        @discardableResult
        mutating func remove(_ ticket: Ticket) -> Waiter? {
            queues[ticket.command]?.removeAll { $0 == ticket }
            if queues[ticket.command]?.isEmpty == true { queues[ticket.command] = nil }
            return waiters.removeValue(forKey: ticket)
        }
    }

    private let state = Mutex(State())

    package init() {}

    /// Before the command is sent, since the outcome may be faster than the confirm.
    package func register(_ command: CommandID, in partition: Partition) -> Ticket {
        state.withLock { state in
            state.lastNumber += 1
            let ticket = Ticket(command: command, partition: partition, number: state.lastNumber)
            state.waiters[ticket] = .registered
            state.queues[command, default: []].append(ticket)
            return ticket
        }
    }

    /// Waits for the outcome, for at most `timeout`; `nil` when it did not come. The ticket is used up.
    package func outcome(for ticket: Ticket, timeout: Duration) async -> Outcome? {
        let timer = Task {
            try await Task.sleep(for: timeout)
            self.withdraw(ticket)
        }
        defer { timer.cancel() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let ended: Outcome?? = state.withLock { state in
                    switch state.waiters[ticket] {
                    case .registered where !Task.isCancelled:
                        state.waiters[ticket] = .suspended(continuation)
                        return .none
                    case .ended(let outcome):
                        state.remove(ticket)
                        return .some(outcome)
                    case .registered, .suspended, nil:
                        state.remove(ticket)
                        return .some(nil)
                    }
                }
                if let ended { continuation.resume(returning: ended) }
            }
        } onCancel: {
            withdraw(ticket)
        }
    }

    /// The request no longer waits.
    package func withdraw(_ ticket: Ticket) {
        let waiter = state.withLock { $0.remove(ticket) }
        if case .suspended(let continuation) = waiter { continuation.resume(returning: nil) }
    }

    package func resolve(_ outcomes: some Sequence<Outcome>) {
        for outcome in outcomes {
            let continuation = state.withLock { state -> CheckedContinuation<Outcome?, Never>? in
                guard let ticket = state.queues[outcome.command]?.first(where: { !state.hasEnded($0) }) else {
                    return nil
                }
                guard case .suspended(let continuation) = state.waiters[ticket] else {
                    state.waiters[ticket] = .ended(outcome)
                    return nil
                }
                state.remove(ticket)
                return continuation
            }
            continuation?.resume(returning: outcome)
        }
    }

    /// What is waited for, by partition.
    package var waiting: [Partition: [CommandID]] {
        state.withLock { state in
            Dictionary(grouping: state.waiters.keys, by: \.partition).mapValues { $0.map(\.command) }
        }
    }
}
