import Foundation

@testable import Commands

/// What a client that isn't Tidemark could do to the queues.
enum Garbage {
    static func publish(_ text: String, to partition: Partition, _ configuration: RabbitMQConfiguration) async throws {
        try with(configuration) { connection, topology in
            try connection.publish(
                Data(text.utf8), exchange: topology.commandsExchange,
                routingKey: RabbitMQTopology.routingKey(of: partition), persistent: true, mandatory: true, on: 1)
        }
    }

    static func deadLetters(_ configuration: RabbitMQConfiguration) async throws -> Int {
        try with(configuration) { try $0.readyMessages(in: $1.deadQueue, on: 1) }
    }

    private static func with<Result>(
        _ configuration: RabbitMQConfiguration, _ body: (AMQPConnection, RabbitMQTopology) throws -> Result
    ) throws -> Result {
        let connection = try AMQPConnection(to: configuration.endpoints[0], name: "tests", configuration: configuration)
        defer { connection.close() }
        try connection.openChannel(1)
        return try body(connection, RabbitMQTopology(configuration, partitions: Partitioner(count: 1)))
    }
}
