/// The exchanges and queues of one namespace. Both ends declare all of it whenever they connect, so nobody has to
/// set up a broker, and a queue that someone deleted comes back.
struct RabbitMQTopology: Sendable {
    let namespace: String
    let partitions: Int
    let queueMessages: Int
    let queueBytes: Int?

    init(_ configuration: RabbitMQConfiguration, partitions: Partitioner) {
        namespace = configuration.namespace
        self.partitions = partitions.count
        queueMessages = configuration.queueMessages
        queueBytes = configuration.queueBytes
    }

    /// Routes by partition number.
    var commandsExchange: String { "\(namespace).commands" }
    /// Where messages go that can't be decoded.
    var deadExchange: String { "\(namespace).dead" }
    var deadQueue: String { "\(namespace).dead" }
    func queue(of partition: Partition) -> String { "\(namespace).commands.\(partition)" }
    static func routingKey(of partition: Partition) -> String { partition.description }
    static func outcomesQueue(namespace: String, of origin: Origin) -> String { "\(namespace).outcomes.\(origin)" }

    private var commandQueueArguments: [(String, AMQPValue)] {
        var arguments: [(String, AMQPValue)] = [
            ("x-queue-type", .text("quorum")),
            ("x-single-active-consumer", .flag(true)),
            // A full queue refuses the message, and the gateway tells the client.
            ("x-overflow", .text("reject-publish")),
            ("x-max-length", .number(Int64(queueMessages))),
            ("x-dead-letter-exchange", .text(deadExchange)),
            ("x-dead-letter-routing-key", .text(deadQueue)),
            ("x-dead-letter-strategy", .text("at-least-once")),
            // RabbitMQ 4 gives up on a message after 20 deliveries unless told otherwise, and every restart of a
            // projector is one. What fails by itself is dead-lettered by the projector, not by counting.
            ("x-delivery-limit", .number(1_000_000_000)),
        ]
        if let queueBytes { arguments.append(("x-max-length-bytes", .number(Int64(queueBytes)))) }
        return arguments
    }

    /// Blocks for one round trip a declaration; the first time, a quorum queue takes the broker some milliseconds.
    func declare(through connection: AMQPConnection, on channel: UInt16) throws(RabbitMQError) {
        try connection.declareExchange(deadExchange, on: channel)
        try connection.declareQueue(deadQueue, arguments: [("x-queue-type", .text("quorum"))], on: channel)
        try connection.bind(queue: deadQueue, to: deadExchange, routingKey: deadQueue, on: channel)
        try connection.declareExchange(commandsExchange, on: channel)
        for partition in Partitioner(count: partitions).partitions {
            try connection.declareQueue(queue(of: partition), arguments: commandQueueArguments, on: channel)
            try connection.bind(
                queue: queue(of: partition), to: commandsExchange, routingKey: Self.routingKey(of: partition),
                on: channel)
        }
    }
}
