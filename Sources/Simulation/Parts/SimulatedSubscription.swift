import Commands
import Foundation
import Lanes

/// One partition's deliveries on one channel, as `RabbitMQSubscription`.
///
/// `@unchecked Sendable`: the simulator runs everything on one thread.
final class SimulatedSubscription: CommandSubscription, @unchecked Sendable {
    struct Arrival: Sendable {
        var tag: Delivery.Tag
        var previousDeliveries: Int
        var body: Data
    }

    private let queue: SimulatedQueue
    private let connection: Connection
    private let acknowledgesEarly: Bool
    private let inbox = Inbox<Arrival>()
    private let consumer: SimulatedQueue.Consumer

    init(to queue: SimulatedQueue, over connection: Connection, acknowledgesEarly: Bool) {
        self.queue = queue
        self.connection = connection
        self.acknowledgesEarly = acknowledgesEarly
        consumer = SimulatedQueue.Consumer(connection: connection) { [inbox] in inbox.append(contentsOf: [$0]) }
        connection.toServer { [queue, consumer] in queue.add(consumer) }
    }

    func next(limit: Int) async -> [Delivery]? {
        guard let arrivals = await inbox.next(limit: limit, weight: { _ in 1 }) else { return nil }
        if acknowledgesEarly, let last = arrivals.last { settle(through: last.tag) }
        return arrivals.map {
            Delivery(
                tag: $0.tag, redelivered: $0.previousDeliveries > 0, previousDeliveries: $0.previousDeliveries,
                content: CommandBatch.decode($0.body))
        }
    }

    var waiting: (messages: Int, commands: Int) {
        let (messages, commands) = inbox.waiting { _ in 1 }
        return (messages, commands)
    }

    func acknowledge(through delivery: Delivery.Tag) {
        if !acknowledgesEarly { settle(through: delivery) }
    }

    private func settle(through tag: Delivery.Tag) {
        connection.toServer { [queue, consumer] in queue.acknowledge(through: tag, by: consumer) }
    }

    func deadLetter(_ delivery: Delivery.Tag) {
        preconditionFailure("every message of the simulation can be decoded")
    }

    func cancel() { inbox.discard() }

    func close() async {
        inbox.discard()
        await call { [queue, consumer] in queue.remove(consumer) }
    }

    private func call(_ body: @escaping () -> Void) async {
        guard connection.isOpen else { return }
        await withCheckedContinuation { done in
            calls.append(done)
            connection.toServer { [self] in
                body()
                connection.toProcess { [self] in if !calls.isEmpty { calls.removeFirst().resume() } }
            }
        }
    }

    /// Callers that wait for the broker's answer, in their order.
    private var calls: [CheckedContinuation<Void, Never>] = []

    /// The broker has noticed that the connection is gone.
    func forget() { queue.remove(consumer) }

    /// The projector has noticed.
    func interrupt() {
        inbox.discard()
        for call in calls { call.resume() }
        calls = []
    }
}
