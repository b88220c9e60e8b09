import Foundation
import Lanes
import Synchronization

/// One partition's deliveries on one channel.
///
/// The lane puts raw messages into the inbox; `next` decodes them on the consumer's own task, so that partitions decode
/// side by side. Settlements gather here until the lane comes for them: acknowledging often costs no more than seldom.
final class RabbitMQSubscription: CommandSubscription {
    enum Settlement: Sendable, Equatable {
        case acknowledge(through: Delivery.Tag)
        case deadLetter(Delivery.Tag)
    }

    private struct Unsent {
        var settlements: [Settlement] = []
        /// The lane knows that there is something.
        var announced = false
    }

    let partition: Partition
    let channel: UInt16
    private let inbox = Inbox<AMQPDelivery>()
    private let unsent = Mutex(Unsent())
    private let mailbox: Mailbox<SourceLane.Message>

    init(partition: Partition, channel: UInt16, mailbox: Mailbox<SourceLane.Message>) {
        self.partition = partition
        self.channel = channel
        self.mailbox = mailbox
    }

    /// The consumer tag.
    var tag: String { partition.description }

    // MARK: - The consumer's side

    func next(limit: Int) async -> [Delivery]? {
        guard let messages = await inbox.next(limit: limit, weight: { MessageID($0.messageID)?.count ?? 1 }) else {
            return nil
        }
        return messages.map { message in
            Delivery(
                tag: message.tag, redelivered: message.redelivered, previousDeliveries: message.previousDeliveries,
                content: decode(message.body))
        }
    }

    func acknowledge(through delivery: Delivery.Tag) { settle(.acknowledge(through: delivery)) }

    func deadLetter(_ delivery: Delivery.Tag) { settle(.deadLetter(delivery)) }

    func cancel() async {
        await withCheckedContinuation { done in
            if mailbox.post(.cancel(self, done)) != .accepted { done.resume() }
        }
    }

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
        let announce = unsent.withLock { unsent in
            if case .acknowledge = settlement, case .acknowledge? = unsent.settlements.last {
                unsent.settlements.removeLast()
            }
            unsent.settlements.append(settlement)
            defer { unsent.announced = true }
            return !unsent.announced
        }
        if announce, mailbox.post(.settle(self)) == .full { unsent.withLock { $0.announced = false } }
    }

    // MARK: - The lane's side

    func deliver(_ messages: [AMQPDelivery]) { inbox.append(contentsOf: messages) }

    /// No more will come; what came can be taken.
    func finish() { inbox.finish() }

    /// The channel is gone, and what came on it can't be acknowledged any more.
    func interrupt() { inbox.discard() }

    func takeSettlements() -> [Settlement] {
        unsent.withLock { unsent in
            defer { unsent = Unsent() }
            return unsent.settlements
        }
    }
}
