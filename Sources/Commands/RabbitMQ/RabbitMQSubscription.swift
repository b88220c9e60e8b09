import Foundation
import Lanes
import Synchronization

/// One partition's deliveries on one channel.
///
/// The lane puts raw messages into the inbox; `next` decodes them on the consumer's own task, so that partitions decode
/// side by side. Settlements gather here until the lane comes for them: soon, or at once when a good part of what the broker
/// delivers unacknowledged waits.
final class RabbitMQSubscription: CommandSubscription {
    enum Settlement: Sendable, Equatable {
        case acknowledge(through: Delivery.Tag)
        case deadLetter(Delivery.Tag)
    }

    private struct Unsent {
        var settlements: [Settlement] = []
        /// The lane knows that there is something.
        var announced = false
        var announcedUrgent = false
        /// The last delivery whose acknowledgement the lane has taken.
        var taken: Delivery.Tag = 0
    }

    let partition: Partition
    let channel: UInt16
    private let inbox = Inbox<AMQPDelivery>()
    private let unsent = Mutex(Unsent())
    private let urgentCount: UInt64
    private let mailbox: Mailbox<SourceLane.Message>

    init(partition: Partition, channel: UInt16, prefetch: UInt16, mailbox: Mailbox<SourceLane.Message>) {
        self.partition = partition
        self.channel = channel
        urgentCount = max(1, UInt64(prefetch) / 4)
        self.mailbox = mailbox
    }

    /// The consumer tag.
    var tag: String { partition.description }

    // MARK: - The consumer's side

    func next(limit: Int) async -> [Delivery]? {
        guard let messages = await inbox.next(limit: limit, weight: Self.commands) else { return nil }
        return messages.map { message in
            Delivery(
                tag: message.tag, redelivered: message.redelivered, previousDeliveries: message.previousDeliveries,
                content: decode(message.body))
        }
    }

    var waiting: (messages: Int, commands: Int) {
        let (messages, commands) = inbox.waiting(weight: Self.commands)
        return (messages, commands)
    }

    private static func commands(in message: AMQPDelivery) -> Int { MessageID(message.messageID)?.count ?? 1 }

    func acknowledge(through delivery: Delivery.Tag) { settle(.acknowledge(through: delivery)) }

    func deadLetter(_ delivery: Delivery.Tag) { settle(.deadLetter(delivery)) }

    func cancel() { inbox.discard() }

    func close() async {
        inbox.discard()
        await withCheckedContinuation { done in
            if mailbox.post(.close(self, done)) != .accepted { done.resume() }
        }
    }

    private func decode(_ body: Data) -> Result<CommandBatch, WireError> {
        CommandBatch.decode(body).flatMap { batch in
            batch.partition == partition ? .success(batch) : .failure(WireError("a batch of another partition"))
        }
    }

    private func settle(_ settlement: Settlement) {
        let (announce, urgent) = unsent.withLock { unsent -> (Bool, Bool) in
            if case .acknowledge = settlement, case .acknowledge? = unsent.settlements.last {
                unsent.settlements.removeLast()
            }
            unsent.settlements.append(settlement)
            let urgent =
                switch settlement {
                case .acknowledge(let tag): tag - unsent.taken >= urgentCount
                case .deadLetter: true
                }
            let announce = urgent ? !unsent.announcedUrgent : !unsent.announced
            unsent.announced = true
            if urgent { unsent.announcedUrgent = true }
            return (announce, urgent)
        }
        if announce, mailbox.post(.settle(self, urgent: urgent)) == .full {
            unsent.withLock { ($0.announced, $0.announcedUrgent) = (false, false) }
        }
    }

    // MARK: - The lane's side

    func deliver(_ messages: [AMQPDelivery]) { inbox.append(contentsOf: messages) }

    /// The channel is gone, and what came on it can't be acknowledged any more.
    func interrupt() { inbox.discard() }

    func takeSettlements() -> [Settlement] {
        unsent.withLock { unsent in
            let settlements = unsent.settlements
            if case .acknowledge(let tag)? = settlements.last { unsent.taken = tag }
            (unsent.settlements, unsent.announced, unsent.announcedUrgent) = ([], false, false)
            return settlements
        }
    }
}
