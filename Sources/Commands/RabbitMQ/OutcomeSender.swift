import Foundation
import Lanes
import Logging
import Metrics

/// Sends outcomes to the origins that wait for them, on a connection and a thread of its own: a connection that
/// publishes is no longer read by a broker that is short of memory, and the projector's acknowledgements must be.
///
/// Best effort. What finds no connection, or a full mailbox, is dropped and counted; the gateway then asks the log.
final class OutcomeSender: Sendable {
    private enum Message: Sendable {
        /// An encoded message, how many outcomes it holds, and for whom.
        case send(Data, Int, Origin)
        case attempted(AMQPLink.Attempt)
    }

    private static let channel: UInt16 = 1
    private static let capacity = 4_096
    private let lane: Lane<Message>
    private let dropped: Counter

    init(
        configuration: RabbitMQConfiguration, logger: Logger, dropped: Counter = CommandsMetrics.outcomesDropped
    ) {
        self.dropped = dropped
        lane = Lane(name: "bus-send", capacity: Self.capacity) { mailbox in
            var link = AMQPLink(
                name: "outcome-sender", configuration: configuration, logger: logger, now: .now,
                report: { mailbox.postPatiently(.attempted($0)) },
                prepare: { connection throws(RabbitMQError) in try connection.openChannel(Self.channel) })
            var batch: [Message] = []
            var blocked = false
            link.connectIfDue(at: .now)
            while true {
                let wakeup = mailbox.wait(into: &batch, descriptor: link.descriptor, timeout: link.patience(at: .now))
                do throws(RabbitMQError) {
                    while let event = try link.connection?.nextEvent() {
                        switch event {
                        case .blocked: blocked = true
                        case .unblocked: blocked = false
                        case .channelClosed(_, let error): throw error
                        default: break
                        }
                    }
                } catch {
                    link.drop(error, at: .now)
                }
                for message in batch {
                    do throws(RabbitMQError) {
                        switch message {
                        case .attempted(let attempt):
                            link.take(attempt, at: .now)
                            blocked = false
                        case .send(let body, let outcomes, let origin):
                            guard let connection = link.connection, !blocked else {
                                dropped.increment(by: outcomes)
                                continue
                            }
                            try connection.publish(
                                body, exchange: "",
                                routingKey: RabbitMQTopology.outcomesQueue(
                                    namespace: configuration.namespace, of: origin),
                                persistent: false, mandatory: false, on: Self.channel)
                        }
                    } catch {
                        link.drop(error, at: .now)
                        if case .send(_, let outcomes, _) = message { dropped.increment(by: outcomes) }
                    }
                }
                batch.removeAll(keepingCapacity: true)
                if wakeup.closed { break }
                link.connectIfDue(at: .now)
            }
            link.close()
        }
    }

    /// Any thread.
    func send(_ message: Data, of outcomes: Int, to origin: Origin) {
        if lane.post(.send(message, outcomes, origin)) != .accepted { dropped.increment(by: outcomes) }
    }

    func close() async { await lane.close() }
}
