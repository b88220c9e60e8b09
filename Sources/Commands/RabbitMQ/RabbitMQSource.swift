import Lanes
package import Logging

/// The projector's end of the bus over RabbitMQ: one connection and thread to consume and acknowledge, with a channel
/// for each partition, and another for outcomes.
package final class RabbitMQSource: CommandSource {
    private let lane: Lane<SourceLane.Message>
    private let sender: OutcomeSender
    private let partitions: Partitioner

    /// Returns at once. The consuming connection is made with the first `subscribe`. End it with `close`.
    package init(configuration: RabbitMQConfiguration, partitions: Partitioner, logger: Logger) {
        self.partitions = partitions
        sender = OutcomeSender(configuration: configuration, logger: logger)
        // Holds a few messages a partition: settlements gather in the subscription, not here.
        lane = Lane(name: "bus-consume", capacity: 65_536) { mailbox in
            var lane = SourceLane(
                mailbox: mailbox, configuration: configuration, partitions: partitions, logger: logger)
            lane.run()
        }
    }

    /// Connects first if need be, after the pause that failed attempts ask for.
    ///
    /// - Throws: `RabbitMQError` when the attempt fails; the caller may try again if it `mayRetry`.
    package func subscribe(to partition: Partition) async throws -> any CommandSubscription {
        precondition(partition.number < partitions.count, "partition \(partition) of \(partitions.count)")
        let answer = await withCheckedContinuation { (caller: SourceLane.Subscriber) in
            if lane.post(.subscribe(partition, caller)) != .accepted { caller.resume(returning: .failure(.closed)) }
        }
        return try answer.get()
    }

    /// Messages in the partition's queue that no consumer holds; each has one or more commands.
    ///
    /// - Throws: `RabbitMQError`.
    package func depth(of partition: Partition) async throws -> Int {
        let answer = await withCheckedContinuation { (caller: SourceLane.DepthCaller) in
            if lane.post(.depth(partition, caller)) != .accepted { caller.resume(returning: .failure(.closed)) }
        }
        return try answer.get()
    }

    package func send(_ outcomes: [Outcome], to origin: Origin) {
        for (partition, outcomes) in Dictionary(grouping: outcomes, by: \.partition) {
            sender.send(OutcomeMessage.encode(outcomes, partition: partition), of: outcomes.count, to: origin)
        }
    }

    /// Sends the acknowledgements that are due, ends every subscription and both threads.
    package func close() async {
        await lane.close()
        await sender.close()
    }
}

extension RabbitMQError {
    static let closed = RabbitMQError(.closed, "the source was closed")
}
