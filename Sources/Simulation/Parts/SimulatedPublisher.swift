import Commands
import EventLog
import Foundation

/// A gateway's end of the bus: the real `PublisherMachine`, driven as `PublisherLane` drives it, over a simulated connection.
///
/// `@unchecked Sendable`: the simulator runs everything on one thread.
final class SimulatedPublisher: CommandBus, @unchecked Sendable {
    struct Waiter: Sendable {
        var command: Command
        var completion: @Sendable (Result<Dot, BusError>) -> Void
    }

    private enum Event {
        case submit(EncodedCommand, Partition, Waiter)
        case confirmed(tag: UInt64, SimulatedBroker.Confirm, Partition, MessageID)
        case blocked(Bool)
    }

    private static let tickInterval = Duration.milliseconds(50)

    let origin: Origin
    private let simulator: Simulator
    private let process: SimulatedProcess
    private let broker: SimulatedBroker
    private let history: History
    private let keepsOrder: Bool
    private var machine: PublisherMachine<Waiter>
    private var connection: Connection?
    private var events: [Event] = []
    private var lastTag: UInt64 = 0
    private var passIsDue = false
    private var tickIsDue = false
    /// The broker can't be reached before this.
    private var unreachableUntil: Nanoseconds = 0

    init(_ world: World, _ process: SimulatedProcess, origin: Origin, limits: PublisherLimits) {
        simulator = world.simulator
        broker = world.broker
        history = world.history
        keepsOrder = world.without != .retransmissionOrder
        self.process = process
        self.origin = origin
        machine = PublisherMachine(
            origin: origin, partitions: world.cluster.partitioner.count, limits: limits, now: .now)
        process.whenDead { [weak self] in self?.connection?.cut() }
        simulator.after(0, as: process) { self.connect() }
    }

    var isReady: Bool { connection != nil && machine.accepts(at: .now) }

    func submit(
        _ command: Command, to partition: Partition, completion: @escaping @Sendable (Result<Dot, BusError>) -> Void
    ) {
        history.submitted(command)
        add(.submit(EncodedCommand(command), partition, Waiter(command: command, completion: completion)))
    }

    var isIdle: Bool { machine.isEmpty && events.isEmpty }

    // MARK: - Faults

    /// The connection breaks; this end notices some time later.
    func disconnect(noticedAfter delay: Nanoseconds, backAfter outage: Nanoseconds, deliversLate: Bool) {
        guard let broken = connection, broken.isOpen else { return }
        broken.cut(deliversLate: deliversLate)
        unreachableUntil = simulator.now + outage
        simulator.after(delay, as: process) { self.lose(broken) }
    }

    /// `connection.blocked`: the broker is short of memory.
    func block(for duration: Nanoseconds) {
        add(.blocked(true))
        simulator.after(duration, as: process) { self.add(.blocked(false)) }
    }

    // MARK: - The lane

    private func lose(_ broken: Connection) {
        guard connection === broken else { return }
        broken.cut()
        connection = nil
        events.removeAll { if case .confirmed = $0 { true } else { false } }
        simulator.note("publisher lost its connection")
        machine.disconnect(at: .now)
        let backoff = simulator.random.between(.milliseconds(50), .seconds(1))
        simulator.after(max(backoff, unreachableUntil - simulator.now), as: process) { self.connect() }
        pass()
    }

    private func connect() {
        connection = Connection(simulator, process)
        lastTag = 0
        machine.connect(at: .now)
        pass(reversed: !keepsOrder)
    }

    private func add(_ event: Event) {
        events.append(event)
        if passIsDue { return }
        passIsDue = true
        simulator.after(simulator.random.between(0, .microseconds(300)), as: process) { self.pass() }
    }

    /// As `PublisherLane.run`: everything that came, then what follows from it.
    private func pass(reversed: Bool = false) {
        passIsDue = false
        let now = ContinuousClock.now
        for event in events { handle(event, at: now) }
        events = []
        machine.tick(at: now)
        let actions = machine.takeActions(at: now)
        var messages: [(UInt64, PublisherMachine<Waiter>.Message)] = []
        for case .publish(let message) in actions {
            lastTag += 1
            messages.append((lastTag, message))
        }
        if reversed { messages.reverse() }
        for (tag, message) in messages { publish(message, tag) }
        for action in actions { perform(action) }
        if !machine.isEmpty && !tickIsDue {
            tickIsDue = true
            simulator.after(Self.tickInterval.inNanoseconds, as: process) {
                self.tickIsDue = false
                self.pass()
            }
        }
    }

    private func handle(_ event: Event, at now: ContinuousClock.Instant) {
        switch event {
        case .submit(let command, let partition, let waiter):
            machine.submit(command, to: partition, waiter: waiter, at: now)
        case .confirmed(let tag, let confirm, let partition, let id):
            if case .returned = confirm { machine.returned(from: partition, id: id) }
            machine.settle(tag: tag, multiple: false, accepted: confirm != .refused, at: now)
        case .blocked(let blocked):
            if blocked { machine.block() } else { machine.unblock() }
        }
    }

    private func publish(_ message: PublisherMachine<Waiter>.Message, _ tag: UInt64) {
        guard let connection else { return }
        simulator.note("publishes \(message.id) to \(message.partition) as \(tag)")
        connection.toServer { [self] in
            broker.publish(message.body, to: message.partition) { [self] confirm in
                connection.toProcess { [self] in
                    guard self.connection === connection else { return }
                    add(.confirmed(tag: tag, confirm, message.partition, message.id))
                }
            }
        }
    }

    private func perform(_ action: PublisherMachine<Waiter>.Action) {
        switch action {
        case .publish, .confirmed: break
        case .answer(let waiter, let answer):
            history.answered(waiter.command, answer)
            waiter.completion(answer)
        case .reconnect:
            if let connection { lose(connection) }
        }
    }
}
