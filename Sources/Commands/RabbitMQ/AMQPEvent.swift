import Foundation

/// Something the broker said of its own accord, copied out of librabbitmq's buffers.
enum AMQPEvent: Sendable {
    /// A publisher confirm.
    case acknowledged(tag: UInt64, multiple: Bool)
    /// The broker did not take what was published.
    case refused(tag: UInt64, multiple: Bool)
    /// A mandatory message that no queue took; its confirm follows.
    case returned(routingKey: String, messageID: String)
    case delivered(AMQPDelivery)
    /// The broker ended a consumer, as it does when its queue is deleted.
    case consumerCancelled(channel: UInt16)
    case channelClosed(channel: UInt16, RabbitMQError)
    case blocked(reason: String)
    case unblocked
}

/// One message as it came.
struct AMQPDelivery: Sendable {
    var channel: UInt16
    var tag: UInt64
    var redelivered: Bool
    /// As quorum queues count them; 0 elsewhere.
    var previousDeliveries: Int
    var messageID: String
    var body: Data
}
