import Foundation

/// Where the brokers are, what the queues are called, and how much may wait. Gateways and projectors of one cluster
/// share `namespace`, `queueMessages` and `queueBytes`: the broker refuses a queue that is declared in two ways.
package struct RabbitMQConfiguration: Sendable {
    /// Tried in turn until one takes the connection; the next attempt begins with the one after it.
    package var endpoints: [RabbitMQEndpoint]
    /// The first part of every exchange's and queue's name. Two clusters can share a broker under two namespaces.
    package var namespace = "tidemark"

    /// How long to wait for a TCP connection and, again, for the login.
    package var connectTimeout: Duration = .seconds(3)
    /// How long a broker may take to answer a declaration or another call before the connection counts as lost.
    package var callTimeout: Duration = .seconds(10)
    /// A connection that is silent for twice as long is lost. Whole seconds, at least one. Twice this should be less than
    /// what a cluster waits before it gives up a node that hangs (from three quarters of `net_ticktime`): the node, when it
    /// goes on, may serve consumers that the others have forgotten.
    package var heartbeat: Duration = .seconds(3)
    /// The first pause between attempts to connect; it doubles up to `maximumBackoff`, less up to half at random.
    package var initialBackoff: Duration = .milliseconds(100)
    package var maximumBackoff: Duration = .seconds(2)

    /// Messages that a partition's queue holds before it refuses more (`x-max-length`).
    package var queueMessages = 100_000
    /// Bytes that a partition's queue holds before it refuses more (`x-max-length-bytes`); `nil` for no limit.
    package var queueBytes: Int?

    package var publisher = PublisherLimits()

    /// Messages that a subscription may hold unacknowledged (`basic.qos`).
    package var prefetchMessages: UInt16 = 128

    package init(endpoints: [RabbitMQEndpoint] = [RabbitMQEndpoint()]) {
        precondition(!endpoints.isEmpty, "a bus needs at least one broker")
        self.endpoints = endpoints
    }

    /// - Parameter urls: one or more of `amqp://user:password@host:port/vhost`, separated by commas.
    package init(urls: String) throws(RabbitMQError) {
        var endpoints: [RabbitMQEndpoint] = []
        for url in urls.split(separator: ",") {
            endpoints.append(try RabbitMQEndpoint(url: url.trimmingCharacters(in: .whitespaces)))
        }
        guard !endpoints.isEmpty else {
            throw RabbitMQError(.misconfigured, "no RabbitMQ URL; give amqp://user:password@host:5672/")
        }
        self.init(endpoints: endpoints)
    }
}

/// What the gateway's publisher may hold, and for how long.
package struct PublisherLimits: Sendable, Equatable {
    /// A batch is sent with at most this many commands…
    package var batchCommands = 1_000
    /// …and bytes; a command that is larger by itself is sent alone.
    package var batchBytes = 1 << 20
    /// Unconfirmed messages a partition. One is enough: what arrives meanwhile makes the next one larger.
    package var messagesInFlight = 1
    /// Commands that may wait, sent or not, before new ones are refused.
    package var waitingCommands = 20_000
    /// Bytes that may wait before new commands are refused.
    package var waitingBytes = 64 << 20
    /// How long a caller waits for the confirm.
    package var publishTimeout: Duration = .seconds(5)
    /// How long the connection may be away before commands are refused at once instead of waiting for it.
    package var outageGrace: Duration = .seconds(1)

    package init() {}
}
