import Foundation
import Lanes
import Logging

/// Sends outcomes to the origins that wait for them, on a connection and a thread of its own: a connection that
/// publishes is no longer read by a broker that is short of memory, and the projector's acknowledgements must be.
///
/// Best effort. What finds no connection, or a full mailbox, is dropped; the gateway then asks the log.
final class OutcomeSender: Sendable {
    private enum Message: Sendable {
        case send(Data, Origin)
        case attempted(AMQPLink.Attempt)
    }

    private static let channel: UInt16 = 1
    private static let capacity = 4_096
    private let lane: Lane<Message>

    init(configuration: RabbitMQConfiguration, logger: Logger) {
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
                    for message in batch {
                        switch message {
                        case .attempted(let attempt):
                            link.take(attempt, at: .now)
                            blocked = false
                        case .send(let body, let origin):
                            if blocked { continue }
                            try link.connection?.publish(
                                body, exchange: "",
                                routingKey: RabbitMQTopology.outcomesQueue(
                                    namespace: configuration.namespace, of: origin),
                                persistent: false, mandatory: false, on: Self.channel)
                        }
                    }
                } catch {
                    link.drop(error, at: .now)
                }
                batch.removeAll(keepingCapacity: true)
                if wakeup.closed { break }
                link.connectIfDue(at: .now)
            }
            link.close()
        }
    }

    /// Any thread.
    func send(_ message: Data, to origin: Origin) { lane.post(.send(message, origin)) }

    func close() async { await lane.close() }
}
