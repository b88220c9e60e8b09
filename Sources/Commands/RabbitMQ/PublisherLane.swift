import Lanes
import Logging
import Metrics
import Synchronization

/// The publishing thread: brings what happens to a `PublisherMachine` and does what it says.
///
/// One pass takes everything from the mailbox, then every frame the broker has sent, and only then writes. So the
/// commands of one wake-up leave as one message a partition.
struct PublisherLane {
    typealias Completion = @Sendable (Result<Dot, BusError>) -> Void
    typealias Instant = ContinuousClock.Instant

    enum Message: Sendable {
        case submit(EncodedCommand, Partition, Completion)
        case attempted(AMQPLink.Attempt)
        /// Resumes once nothing waits any more, or at the deadline.
        case drain(until: Instant, CheckedContinuation<Void, Never>)
    }

    private static let channel: UInt16 = 1
    private static let tickInterval = Duration.milliseconds(50)
    /// With so many commands on their way, the lane waits for a confirm rather than for the next command: it wakes once
    /// for many of them, and they leave in fewer messages. A command to an idle partition waits no longer than this.
    private static let busyCommands = 8
    private static let busyPatience = Duration.milliseconds(1)

    private let mailbox: Mailbox<Message>
    private let topology: RabbitMQTopology
    private let exchange: String
    private let routingKeys: [String]
    private let readiness: Readiness
    private let confirmed: ConfirmedDots
    private let logger: Logger
    private let metrics = CommandsMetrics()
    private var machine: PublisherMachine<Completion>
    private var link: AMQPLink
    private var nextTick: Instant
    private var drain: (until: Instant, drained: CheckedContinuation<Void, Never>)?

    init(
        mailbox: Mailbox<Message>, configuration: RabbitMQConfiguration, partitions: Partitioner, origin: Origin,
        readiness: Readiness, confirmed: ConfirmedDots, logger: Logger
    ) {
        let now = Instant.now
        let topology = RabbitMQTopology(configuration, partitions: partitions)
        self.mailbox = mailbox
        self.topology = topology
        exchange = topology.commandsExchange
        routingKeys = partitions.partitions.map(RabbitMQTopology.routingKey)
        self.readiness = readiness
        self.confirmed = confirmed
        self.logger = logger
        machine = PublisherMachine(
            origin: origin, partitions: partitions.count, limits: configuration.publisher, now: now)
        nextTick = now
        link = AMQPLink(
            name: "publisher", configuration: configuration, logger: logger, now: now,
            report: { mailbox.postPatiently(.attempted($0)) },
            prepare: { connection throws(RabbitMQError) in
                try connection.openChannel(Self.channel)
                try topology.declare(through: connection, on: Self.channel)
                try connection.selectConfirms(Self.channel)
            })
    }

    mutating func run() {
        var batch: [Message] = []
        link.connectIfDue(at: .now)
        while true {
            let busy = link.connection != nil && machine.waitingCommands >= Self.busyCommands
            let patience = patience(at: .now)
            let wakeup = mailbox.wait(
                into: &batch, descriptor: link.descriptor, timeout: busy ? min(patience, Self.busyPatience) : patience,
                heedingPosts: !busy)
            let now = Instant.now
            for message in batch { handle(message, at: now) }
            batch.removeAll(keepingCapacity: true)
            readEvents(at: now)
            if now >= nextTick { tick(at: now) }
            if wakeup.closed { machine.close() }
            let actions = machine.takeActions(at: now)
            // Messages first: the broker then works while callers wake up.
            for case .publish(let message) in actions { publish(message, at: now) }
            for action in actions { perform(action, at: now) }
            if wakeup.closed { break }
            link.connectIfDue(at: now)
        }
        readiness.isReady.store(false, ordering: .relaxed)
        drain?.drained.resume()
        link.close()
    }

    private func patience(at now: Instant) -> Duration {
        let tick = machine.isEmpty && drain == nil ? Duration.seconds(1) : max(.zero, nextTick - now)
        return min(tick, link.patience(at: now))
    }

    private mutating func handle(_ message: Message, at now: Instant) {
        switch message {
        case .submit(let command, let partition, let completion):
            machine.submit(command, to: partition, waiter: completion, at: now)
        case .attempted(let attempt):
            link.take(attempt, at: now)
            if link.connection != nil { machine.connect(at: now) }
        case .drain(let deadline, let drained):
            drain = (deadline, drained)
            nextTick = now
        }
    }

    private mutating func tick(at now: Instant) {
        nextTick = now + Self.tickInterval
        machine.tick(at: now)
        metrics.waitingCommands.record(machine.waitingCommands)
        readiness.isReady.store(machine.accepts(at: now) && link.connection != nil, ordering: .relaxed)
        if let drain, machine.isEmpty || now >= drain.until {
            drain.drained.resume()
            self.drain = nil
        }
    }

    private mutating func readEvents(at now: Instant) {
        guard let connection = link.connection else { return }
        do throws(RabbitMQError) {
            while let event = try connection.nextEvent() {
                switch event {
                case .acknowledged(let tag, let multiple):
                    machine.settle(tag: tag, multiple: multiple, accepted: true, at: now)
                case .refused(let tag, let multiple):
                    machine.settle(tag: tag, multiple: multiple, accepted: false, at: now)
                case .returned(let routingKey, let messageID):
                    guard let number = Int(routingKey), let id = MessageID(messageID) else { continue }
                    machine.returned(from: Partition(number), id: id)
                case .blocked(let reason):
                    logger.warning("The broker takes no messages", metadata: ["bus.reason": "\(reason)"])
                    machine.block()
                case .unblocked:
                    logger.info("The broker takes messages again")
                    machine.unblock()
                case .channelClosed(_, let error): throw error
                case .delivered, .consumerCancelled: break
                }
            }
        } catch {
            lose(error, at: now)
        }
    }

    private mutating func publish(_ message: PublisherMachine<Completion>.Message, at now: Instant) {
        guard let connection = link.connection else { return }
        do {
            try connection.publish(
                message.body, exchange: exchange, routingKey: routingKeys[message.partition.number],
                messageID: message.id.description, persistent: true, mandatory: true, on: Self.channel)
            metrics.batchCommands.record(message.id.count)
        } catch {
            lose(error, at: now)
        }
    }

    private mutating func perform(_ action: PublisherMachine<Completion>.Action, at now: Instant) {
        switch action {
        case .publish: break
        case .answer(let completion, let answer):
            if case .failure(let error) = answer { metrics.countRefusal(error.code) }
            completion(answer)
        case .confirmed(let id, let partition, let duration):
            metrics.confirmDuration.recordNanoseconds(Int64(duration.inSeconds * 1e9))
            metrics.acceptedCommands.increment(by: id.count)
            confirmed.note(id, in: partition)
        case .reconnect:
            guard link.connection != nil else { return }
            var error = RabbitMQError(.notFound, "a partition's queue is missing; connecting anew to declare it")
            error.leavesConnectionOpen = true
            lose(error, at: now)
        }
    }

    private mutating func lose(_ error: RabbitMQError, at now: Instant) {
        link.drop(error, at: now)
        machine.disconnect(at: now)
    }
}
