import Commands
import Foundation

/// A projector's end of the bus.
///
/// `@unchecked Sendable`: the simulator runs everything on one thread.
final class SimulatedSource: CommandSource, @unchecked Sendable {
    private struct Unreachable: Error {}

    private let world: World
    private let simulator: Simulator
    private let process: SimulatedProcess
    private var connection: Connection?
    private var subscriptions: [SimulatedSubscription] = []
    private var unreachableUntil: Nanoseconds = 0

    init(_ world: World, _ process: SimulatedProcess) {
        self.world = world
        simulator = world.simulator
        self.process = process
        process.whenDead { [weak self] in self?.die() }
    }

    func subscribe(to partition: Partition) async throws -> any CommandSubscription {
        try await Task.sleep(for: .nanoseconds(simulator.random.skewed(.milliseconds(1), .milliseconds(40))))
        guard simulator.now >= unreachableUntil else { throw Unreachable() }
        let connection = connection ?? Connection(simulator, process)
        self.connection = connection
        let subscription = SimulatedSubscription(
            to: world.broker.queues[partition.number], over: connection,
            acknowledgesEarly: world.without == .acknowledgeAfterCommit)
        subscriptions.append(subscription)
        return subscription
    }

    func send(_ outcomes: [Outcome], to origin: Origin) {
        if simulator.chance(world.rates.lostOutcomes) { return }
        simulator.after(simulator.random.skewed(.microseconds(200), .milliseconds(30))) { [world] in
            world.deliver(outcomes, to: origin)
        }
    }

    // MARK: - Faults

    /// The connection breaks. Broker and projector notice it each in its time.
    func disconnect(brokerNoticesAfter: Nanoseconds, noticedAfter: Nanoseconds, backAfter outage: Nanoseconds) {
        guard let broken = connection else { return }
        broken.cut()
        connection = nil
        unreachableUntil = simulator.now + outage
        let subscriptions = subscriptions
        self.subscriptions = []
        simulator.after(brokerNoticesAfter) { for subscription in subscriptions { subscription.forget() } }
        simulator.after(noticedAfter, as: process) { [simulator] in
            simulator.note("source lost its connection")
            for subscription in subscriptions { subscription.interrupt() }
        }
    }

    private func die() {
        connection?.cut()
        let subscriptions = subscriptions
        // A reset comes at once; when the machine is gone, the broker waits for a heartbeat.
        let delay = simulator.chance(0.7) ? Nanoseconds.milliseconds(5) : .seconds(8)
        simulator.after(delay) { for subscription in subscriptions { subscription.forget() } }
    }
}
