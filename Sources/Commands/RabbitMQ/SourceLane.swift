import Lanes
import Logging

/// The consuming thread.
struct SourceLane {
    typealias Instant = ContinuousClock.Instant
    typealias Subscriber = CheckedContinuation<Result<RabbitMQSubscription, RabbitMQError>, Never>
    typealias DepthCaller = CheckedContinuation<Result<Int, RabbitMQError>, Never>

    enum Message: Sendable {
        case attempted(AMQPLink.Attempt)
        case subscribe(Partition, Subscriber)
        case depth(Partition, DepthCaller)
        case settle(RabbitMQSubscription, urgent: Bool)
        case close(RabbitMQSubscription, CheckedContinuation<Void, Never>)
    }

    /// For questions; subscriptions have the channels after it.
    private static let controlChannel: UInt16 = 1
    /// An acknowledgement is a write in each broker's log, of one message or of a thousand: they are sent together. What a
    /// crash leaves unacknowledged is delivered again and found applied.
    private static let settlePatience = Duration.milliseconds(20)

    private let mailbox: Mailbox<Message>
    private let topology: RabbitMQTopology
    private let prefetch: UInt16
    private let logger: Logger
    private var link: AMQPLink
    private var subscriptions: [UInt16: RabbitMQSubscription] = [:]
    /// What waits for a connection.
    private var subscribers: [(Partition, Subscriber)] = []
    private var depthCallers: [(Partition, DepthCaller)] = []
    private var unsettled: (since: Instant, subscriptions: [RabbitMQSubscription])?

    init(
        mailbox: Mailbox<Message>, configuration: RabbitMQConfiguration, partitions: Partitioner, logger: Logger
    ) {
        let topology = RabbitMQTopology(configuration, partitions: partitions)
        self.mailbox = mailbox
        self.topology = topology
        self.logger = logger
        prefetch = configuration.prefetchMessages
        link = AMQPLink(
            name: "source", configuration: configuration, logger: logger, now: .now,
            report: { mailbox.postPatiently(.attempted($0)) },
            prepare: { connection throws(RabbitMQError) in
                try connection.openChannel(Self.controlChannel)
                try topology.declare(through: connection, on: Self.controlChannel)
            })
    }

    mutating func run() {
        var batch: [Message] = []
        while true {
            let wakeup = mailbox.wait(into: &batch, descriptor: link.descriptor, timeout: patience(at: .now))
            for message in batch { handle(message) }
            batch.removeAll(keepingCapacity: true)
            if wakeup.closed { break }
            readEvents()
            settleThoseDue(at: .now)
            if !subscribers.isEmpty || !depthCallers.isEmpty { link.connectIfDue(at: .now) }
        }
        failCallers(.closed)
        for subscription in subscriptions.values { subscription.interrupt() }
        link.close()
    }

    private func patience(at now: Instant) -> Duration {
        var patience = Duration.seconds(60)
        if let unsettled { patience = max(.zero, unsettled.since + Self.settlePatience - now) }
        if link.connection == nil && subscribers.isEmpty && depthCallers.isEmpty { return patience }
        return min(patience, link.patience(at: now))
    }

    private mutating func handle(_ message: Message) {
        switch message {
        case .attempted(let attempt):
            link.take(attempt, at: .now)
            switch attempt {
            case .success: serveCallers()
            case .failure(let error): failCallers(error)
            }
        case .subscribe(let partition, let subscriber):
            subscribers.append((partition, subscriber))
            serveCallers()
        case .depth(let partition, let caller):
            depthCallers.append((partition, caller))
            serveCallers()
        case .settle(let subscription, let urgent):
            if urgent {
                settle(subscription)
            } else {
                unsettled = (unsettled?.since ?? .now, (unsettled?.subscriptions ?? []) + [subscription])
            }
        case .close(let subscription, let done):
            close(subscription)
            done.resume()
        }
    }

    // MARK: - Callers

    /// Answers who waits, as long as there is a connection.
    private mutating func serveCallers() {
        while let connection = link.connection, let (partition, subscriber) = subscribers.first {
            subscribers.removeFirst()
            let result = Result { () throws(RabbitMQError) in try subscribe(to: partition, connection) }
            noteFailure(of: result)
            subscriber.resume(returning: result)
        }
        while let connection = link.connection, let (partition, caller) = depthCallers.first {
            depthCallers.removeFirst()
            let result = Result { () throws(RabbitMQError) in try depth(of: partition, connection) }
            noteFailure(of: result)
            caller.resume(returning: result)
        }
    }

    private mutating func failCallers(_ error: RabbitMQError) {
        for (_, subscriber) in subscribers { subscriber.resume(returning: .failure(error)) }
        for (_, caller) in depthCallers { caller.resume(returning: .failure(error)) }
        subscribers = []
        depthCallers = []
    }

    private mutating func subscribe(
        to partition: Partition, _ connection: AMQPConnection
    ) throws(RabbitMQError) -> RabbitMQSubscription {
        var channel = Self.controlChannel + 1
        while subscriptions[channel] != nil { channel += 1 }
        let subscription = RabbitMQSubscription(
            partition: partition, channel: channel, prefetch: prefetch, mailbox: mailbox)
        try connection.openChannel(channel)
        // Before the consumer is there, so that the events that follow find it.
        subscriptions[channel] = subscription
        do {
            try connection.consume(
                queue: topology.queue(of: partition), tag: subscription.tag, prefetch: prefetch, on: channel)
        } catch {
            subscriptions[channel] = nil
            throw error
        }
        return subscription
    }

    private func depth(of partition: Partition, _ connection: AMQPConnection) throws(RabbitMQError) -> Int {
        do {
            return try connection.readyMessages(in: topology.queue(of: partition), on: Self.controlChannel)
        } catch {
            // The broker answers a question about a missing queue by closing the channel.
            if error.leavesConnectionOpen { try connection.openChannel(Self.controlChannel) }
            throw error
        }
    }

    // MARK: - Subscriptions

    private mutating func settleThoseDue(at now: Instant) {
        guard let due = unsettled, now >= due.since + Self.settlePatience else { return }
        unsettled = nil
        for subscription in due.subscriptions { settle(subscription) }
    }

    private mutating func settle(_ subscription: RabbitMQSubscription) {
        let settlements = subscription.takeSettlements()
        guard let connection = link.connection, isCurrent(subscription) else { return }
        do throws(RabbitMQError) {
            for settlement in settlements {
                switch settlement {
                case .acknowledge(let tag): try connection.acknowledge(through: tag, on: subscription.channel)
                case .deadLetter(let tag): try connection.deadLetter(tag, on: subscription.channel)
                }
            }
        } catch {
            noteFailure(error)
        }
    }

    private mutating func close(_ subscription: RabbitMQSubscription) {
        settle(subscription)
        if let connection = link.connection, isCurrent(subscription) {
            subscriptions[subscription.channel] = nil
            do throws(RabbitMQError) {
                try connection.closeChannel(subscription.channel)
            } catch {
                noteFailure(error)
            }
        }
        subscription.interrupt()
    }

    /// Whether the subscription's channel is still its own: connections, and the channels in them, come and go.
    private func isCurrent(_ subscription: RabbitMQSubscription) -> Bool {
        subscriptions[subscription.channel] === subscription
    }

    // MARK: - Events

    private mutating func readEvents() {
        guard let connection = link.connection else { return }
        var arrived: [UInt16: [AMQPDelivery]] = [:]
        do throws(RabbitMQError) {
            while let event = try connection.nextEvent() {
                switch event {
                case .delivered(let delivery): arrived[delivery.channel, default: []].append(delivery)
                case .channelClosed(let channel, let error): end(channel, error)
                case .consumerCancelled(let channel):
                    let queue = subscriptions[channel].map { topology.queue(of: $0.partition) }
                    end(channel, .consumerCancelled(queue: queue ?? ""))
                    try connection.closeChannel(channel)
                default: break
                }
            }
        } catch {
            noteFailure(error)
        }
        for (channel, deliveries) in arrived { subscriptions[channel]?.deliver(deliveries) }
    }

    private mutating func end(_ channel: UInt16, _ error: RabbitMQError) {
        guard let subscription = subscriptions.removeValue(forKey: channel) else { return }
        logger.warning(
            "A subscription ended",
            metadata: ["bus.partition": "\(subscription.partition)", "error": "\(error)"])
        subscription.interrupt()
    }

    private mutating func noteFailure<R>(of result: Result<R, RabbitMQError>) {
        if case .failure(let error) = result { noteFailure(error) }
    }

    /// An error that leaves the connection unusable ends every subscription.
    private mutating func noteFailure(_ error: RabbitMQError) {
        if error.leavesConnectionOpen { return }
        link.drop(error, at: .now)
        for subscription in subscriptions.values { subscription.interrupt() }
        subscriptions = [:]
    }
}
