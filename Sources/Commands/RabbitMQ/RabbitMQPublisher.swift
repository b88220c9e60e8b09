import Lanes
package import Logging
import Synchronization

/// The gateway's end of the bus over RabbitMQ.
///
/// Two connections, each with its own thread: one publishes, one receives the outcomes that projectors send to this
/// origin. Neither slows the other, and a broker that is short of memory stops reading the first but still writes to
/// the second.
package final class RabbitMQPublisher: CommandBus {
    package let origin: Origin
    private let partitions: Partitioner
    private let closeTimeout: Duration
    private let readiness = Readiness()
    private let confirmedDots: ConfirmedDots
    private let lane: Lane<PublisherLane.Message>
    private let receiver: OutcomeReceiver

    /// Starts to connect and returns at once; `isReady` tells when it has. End it with `close`.
    ///
    /// - Parameters:
    ///   - onOutcomes: called on the receiving thread, in the order of each partition; must not block.
    ///   - onOutcomesInterrupted: called on the receiving thread whenever it has connected, the first time too:
    ///     outcomes sent before may have been lost. Whoever waits for one should look into the log.
    package init(
        configuration: RabbitMQConfiguration, partitions: Partitioner, origin: Origin = .random(), logger: Logger,
        onOutcomes: @escaping @Sendable ([Outcome]) -> Void = { _ in },
        onOutcomesInterrupted: @escaping @Sendable () -> Void = {}
    ) {
        self.origin = origin
        self.partitions = partitions
        confirmedDots = ConfirmedDots(partitions: partitions.count)
        closeTimeout = configuration.publisher.publishTimeout
        var logger = logger
        logger[metadataKey: "bus.origin"] = "\(origin)"
        receiver = OutcomeReceiver(
            configuration: configuration, origin: origin, logger: logger, onOutcomes: onOutcomes,
            onInterrupted: onOutcomesInterrupted)
        // Twice what the machine holds: what gathers in the mailbox while the lane is busy is refused by the machine,
        // with the right reason.
        lane = Lane(name: "bus-publish", capacity: 2 * configuration.publisher.waitingCommands) {
            [readiness, confirmedDots, logger] mailbox in
            var lane = PublisherLane(
                mailbox: mailbox, configuration: configuration, partitions: partitions, origin: origin,
                readiness: readiness, confirmed: confirmedDots, logger: logger)
            lane.run()
        }
    }

    /// By partition, the highest n of this origin that a majority of brokers has; 0 for none. Any thread.
    package var confirmed: [UInt64] { confirmedDots.highest }

    package var isReady: Bool { readiness.isReady.load(ordering: .relaxed) }

    /// Encodes on the caller's thread. `completion` runs on the publishing thread, or at once on the caller's when the
    /// command is refused at the door.
    package func submit(
        _ command: Command, to partition: Partition, completion: @escaping @Sendable (Result<Dot, BusError>) -> Void
    ) {
        precondition(partition.number < partitions.count, "partition \(partition) of \(partitions.count)")
        switch lane.post(.submit(EncodedCommand(command), partition, completion)) {
        case .accepted: break
        case .full: completion(.failure(.publisherFull))
        case .closed: completion(.failure(.closing))
        }
    }

    /// Waits until what was accepted is confirmed, for up to the publish timeout, then answers the rest and ends both
    /// threads. Commands published from now on are refused.
    package func close() async {
        await withCheckedContinuation { drained in
            if lane.post(.drain(until: .now + closeTimeout, drained)) != .accepted { drained.resume() }
        }
        await lane.close()
        await receiver.close()
    }
}

/// What the lane tells whoever asks for the gateway's readiness.
final class Readiness: Sendable {
    let isReady = Atomic(false)
}
