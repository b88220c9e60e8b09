import CoreMetrics
import Foundation
import Logging
import Synchronization
import Testing

@testable import Commands

@Suite("Outcomes on their way back")
struct OutcomeSenderTests {
    private final class Total: CounterHandler {
        private let count = Atomic<Int64>(0)
        var value: Int64 { count.load(ordering: .relaxed) }
        func increment(by amount: Int64) { count.add(amount, ordering: .relaxed) }
        func reset() { count.store(0, ordering: .relaxed) }
    }

    @Test("What finds no connection, or no sender any more, is counted as dropped", .timeLimit(.minutes(1)))
    func dropped() async throws {
        let total = Total()
        // Nothing listens on port 1.
        let sender = OutcomeSender(
            configuration: try RabbitMQConfiguration(urls: "amqp://guest:guest@127.0.0.1:1"),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            dropped: Counter(label: "dropped", dimensions: [], handler: total))
        sender.send(Data([1]), of: 3, to: Origin(1))
        sender.send(Data([2]), of: 4, to: Origin(2))
        while total.value < 7 { await Task.yield() }
        #expect(total.value == 7)
        await sender.close()
        sender.send(Data([3]), of: 5, to: Origin(1))
        #expect(total.value == 12)
    }
}
