import Commands
import Foundation

/// One partition's queue in the broker.
///
/// `@unchecked Sendable`: the simulator runs everything on one thread.
final class SimulatedQueue: @unchecked Sendable {
    struct Message {
        var order: UInt64
        var body: Data
        /// How often a consumer ended without settling it.
        var returns = 0
    }

    /// One `basic.consume`.
    ///
    /// `@unchecked Sendable`: the simulator runs everything on one thread.
    final class Consumer: @unchecked Sendable {
        let connection: Connection
        let deliver: (SimulatedSubscription.Arrival) -> Void
        fileprivate var lastTag: Delivery.Tag = 0
        fileprivate var unsettled: [(tag: Delivery.Tag, message: Message)] = []

        init(connection: Connection, deliver: @escaping (SimulatedSubscription.Arrival) -> Void) {
            self.connection = connection
            self.deliver = deliver
        }
    }

    private static let prefetch = 16

    let partition: Partition
    private let singleActiveConsumer: Bool
    private let history: History
    private(set) var waiting: [Message] = []
    private var consumers: [Consumer] = []
    private var lastOrder: UInt64 = 0
    private var turn = 0
    /// Messages that a majority does not have yet.
    var replicating = 0
    let replication: OrderedChannel

    init(_ simulator: Simulator, _ partition: Partition, singleActiveConsumer: Bool, history: History) {
        replication = OrderedChannel(simulator, fastest: .microseconds(200), slowest: .milliseconds(20))
        self.partition = partition
        self.singleActiveConsumer = singleActiveConsumer
        self.history = history
    }

    var isEmpty: Bool { waiting.isEmpty && replicating == 0 && consumers.allSatisfy(\.unsettled.isEmpty) }

    func append(_ body: Data) {
        lastOrder += 1
        waiting.append(Message(order: lastOrder, body: body))
        history.enqueued(body, in: partition)
        deliver()
    }

    func add(_ consumer: Consumer) {
        consumers.append(consumer)
        deliver()
    }

    /// The channel is gone: what it held comes back to where it was, and is delivered again.
    func remove(_ consumer: Consumer) {
        guard let index = consumers.firstIndex(where: { $0 === consumer }) else { return }
        consumers.remove(at: index)
        for (_, message) in consumer.unsettled {
            var message = message
            message.returns += 1
            waiting.append(message)
        }
        waiting.sort { $0.order < $1.order }
        consumer.unsettled = []
        deliver()
    }

    func acknowledge(through tag: Delivery.Tag, by consumer: Consumer) {
        guard consumers.contains(where: { $0 === consumer }) else { return }
        consumer.unsettled.removeAll { $0.tag <= tag }
        deliver()
    }

    private func deliver() {
        while let message = waiting.first, let consumer = nextConsumer() {
            waiting.removeFirst()
            consumer.lastTag += 1
            let tag = consumer.lastTag
            consumer.unsettled.append((tag, message))
            consumer.connection.toProcess {
                consumer.deliver(.init(tag: tag, previousDeliveries: message.returns, body: message.body))
            }
        }
    }

    private func nextConsumer() -> Consumer? {
        if singleActiveConsumer {
            return consumers.first.flatMap { $0.unsettled.count < Self.prefetch ? $0 : nil }
        }
        turn += 1
        return consumers.isEmpty ? nil : consumers[turn % consumers.count]
    }
}
