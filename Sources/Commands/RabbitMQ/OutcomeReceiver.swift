import Lanes
import Logging

/// Receives the outcomes of one origin's commands, on a connection and a thread of its own.
///
/// The queue is exclusive and transient: it lives as long as the connection, and what is sent while there is none is
/// lost. That is why `onInterrupted` is called after every connect.
final class OutcomeReceiver: Sendable {
    private enum Message: Sendable { case attempted(AMQPLink.Attempt) }

    private static let channel: UInt16 = 1
    private let lane: Lane<Message>

    init(
        configuration: RabbitMQConfiguration, origin: Origin, logger: Logger,
        onOutcomes: @escaping @Sendable ([Outcome]) -> Void, onInterrupted: @escaping @Sendable () -> Void
    ) {
        let queue = RabbitMQTopology.outcomesQueue(namespace: configuration.namespace, of: origin)
        lane = Lane(name: "bus-outcomes", capacity: 4) { mailbox in
            var link = AMQPLink(
                name: "outcome-receiver", configuration: configuration, logger: logger, now: .now,
                report: { mailbox.postPatiently(.attempted($0)) },
                prepare: { connection throws(RabbitMQError) in
                    try connection.openChannel(Self.channel)
                    try connection.declareQueue(queue, exclusive: true, arguments: [], on: Self.channel)
                    try connection.consume(
                        queue: queue, tag: "outcomes", prefetch: nil, exclusive: true, on: Self.channel)
                })
            var batch: [Message] = []
            link.connectIfDue(at: .now)
            while true {
                let wakeup = mailbox.wait(into: &batch, descriptor: link.descriptor, timeout: link.patience(at: .now))
                for case .attempted(let attempt) in batch {
                    link.take(attempt, at: .now)
                    if link.connection != nil { onInterrupted() }
                }
                batch.removeAll(keepingCapacity: true)
                if wakeup.closed { break }
                do throws(RabbitMQError) {
                    while let event = try link.connection?.nextEvent() {
                        switch event {
                        case .delivered(let delivery): Self.handOver(delivery, to: onOutcomes, logger)
                        case .channelClosed(_, let error): throw error
                        case .consumerCancelled: throw RabbitMQError.consumerCancelled(queue: queue)
                        default: break
                        }
                    }
                } catch {
                    link.drop(error, at: .now)
                }
                link.connectIfDue(at: .now)
            }
            link.close()
        }
    }

    func close() async { await lane.close() }

    private static func handOver(_ delivery: AMQPDelivery, to onOutcomes: ([Outcome]) -> Void, _ logger: Logger) {
        switch OutcomeMessage.decode(delivery.body) {
        case .success(let outcomes): onOutcomes(outcomes)
        case .failure(let error):
            logger.warning("Skipped an outcome message", metadata: ["error": "\(error.message)"])
        }
    }
}

extension RabbitMQError {
    static func consumerCancelled(queue: String) -> RabbitMQError {
        var error = RabbitMQError(.notFound, "the broker ended the consumer", metadata: ["bus.queue": queue])
        error.leavesConnectionOpen = true
        return error
    }
}
