import Commands
import Foundation

/// RabbitMQ: one quorum queue a partition with a single active consumer, publisher confirms, `reject-publish`.
///
/// `@unchecked Sendable`: the simulator runs everything on one thread.
final class SimulatedBroker: @unchecked Sendable {
    /// A message's answer to its publisher.
    enum Confirm {
        case accepted, refused, returned
    }

    let simulator: Simulator
    private(set) var queues: [SimulatedQueue]
    /// A queue that is full refuses.
    var limit = 100_000
    /// A queue that does not exist for the moment: mandatory messages come back.
    var missing: Set<Partition> = []
    /// Raised when the queues' leader changes: what it had not replicated is gone.
    private var term = 0

    init(_ simulator: Simulator, partitions: Partitioner, without: Safeguard?, history: History) {
        self.simulator = simulator
        queues = partitions.partitions.map {
            SimulatedQueue(
                simulator, $0, singleActiveConsumer: without != .singleActiveConsumer, history: history)
        }
    }

    /// A message arrives. It is in the queue when a majority of the brokers has it.
    ///
    /// - Parameter confirm: called some time after that, or at once when the message is not taken; never when the leader fails.
    func publish(_ body: Data, to partition: Partition, confirm: @escaping (Confirm) -> Void) {
        if missing.contains(partition) { return confirm(.returned) }
        let queue = queues[partition.number]
        if queue.waiting.count + queue.replicating >= limit { return confirm(.refused) }
        let term = term
        queue.replicating += 1
        queue.replication.send { [self] in
            queue.replicating -= 1
            guard term == self.term else { return }
            queue.append(body)
            simulator.after(simulator.random.skewed(.microseconds(10), .milliseconds(10))) { confirm(.accepted) }
        }
    }

    /// A follower takes over.
    func changeLeader() { term += 1 }

    var isEmpty: Bool { queues.allSatisfy { $0.isEmpty } }
}
