import Commands
import EventLog

/// A process's connections to the database. Each question is a round trip that may be slow, get lost on its way there or back, or
/// find the database out of reach.
///
/// `@unchecked Sendable`: the simulator runs everything on one thread.
final class DatabaseClient: @unchecked Sendable {
    let world: World
    let simulator: Simulator
    let process: SimulatedProcess
    let clock: SimulatedClock
    var database: SimulatedDatabase { world.database }
    /// Out of this process's reach before this.
    var unreachableUntil: Nanoseconds = 0
    /// Transactions that the server still holds open for this process.
    private var open: [SimulatedDatabase.Transaction] = []

    init(_ world: World, _ process: SimulatedProcess) {
        self.world = world
        simulator = world.simulator
        self.process = process
        clock = SimulatedClock(world.simulator, of: process)
        process.whenDead { [weak self] in self?.die() }
    }

    /// - Parameter body: runs in the database, and answers now or later.
    /// - Returns: `nil` when the question or the answer was lost.
    func ask<Answer: Sendable>(
        slowest: Nanoseconds = .milliseconds(4), _ body: @escaping (@escaping (Answer) -> Void) -> Void
    ) async -> Answer? {
        let unreachable = simulator.now < unreachableUntil
        let lost = unreachable || simulator.chance(world.rates.databaseRequestLost)
        let answerLost = simulator.chance(world.rates.databaseAnswerLost)
        let delay = simulator.random.skewed(.microseconds(100), slowest)
        // Resumed once, or never when the process dies: then nothing of it may run.
        return await withUnsafeContinuation { (continuation: UnsafeContinuation<Answer?, Never>) in
            simulator.after(delay) { [self] in
                if lost { return answer(nil, after: .milliseconds(20), continuation) }
                body { [self] result in
                    // An outage takes what is on its way back, too.
                    let lost = answerLost || simulator.now < unreachableUntil
                    answer(lost ? nil : result, after: .microseconds(100), continuation)
                }
            }
        }
    }

    func askOrFail<Answer: Sendable>(
        slowest: Nanoseconds = .milliseconds(4), _ body: @escaping () -> Answer
    ) async throws(EventLogError) -> Answer {
        guard let answer = await ask(slowest: slowest, { $0(body()) }) else { throw Self.unavailable }
        return answer
    }

    static let unavailable = EventLogError(.unavailable, "the connection to the database was lost")

    private func answer<Answer: Sendable>(
        _ answer: Answer?, after delay: Nanoseconds, _ continuation: UnsafeContinuation<Answer?, Never>
    ) {
        let delay = simulator.random.skewed(delay, delay + .milliseconds(3))
        simulator.after(delay, as: process) { continuation.resume(returning: answer) }
    }

    // MARK: - Transactions

    func opened(_ transaction: SimulatedDatabase.Transaction) {
        open.removeAll { !$0.isOpen }
        open.append(transaction)
    }

    /// The server notices at some time that its client is gone, and rolls back.
    func abandon(_ transaction: SimulatedDatabase.Transaction) {
        simulator.after(simulator.random.skewed(.milliseconds(1), .seconds(1))) { [self] in database.end(transaction) }
    }

    private func die() { for transaction in open { abandon(transaction) } }
}
