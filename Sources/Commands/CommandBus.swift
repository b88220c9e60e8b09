/// The gateway's end of the bus.
package protocol CommandBus: Sendable {
    /// This run of this gateway.
    var origin: Origin { get }

    /// Hands the command over without waiting. Commands that one caller submits to a partition one after the other are
    /// enqueued in that order.
    ///
    /// - Parameter completion: called once, on the bus's thread (so it must not block): with the dot the command got when a majority
    ///   of brokers has it on disk, or with the error. Only `outcomeUnknown` leaves open whether it will be applied.
    func submit(
        _ command: Command, to partition: Partition, completion: @escaping @Sendable (Result<Dot, BusError>) -> Void)

    /// Whether a command would be accepted now; for readiness.
    var isReady: Bool { get }
}

extension CommandBus {
    /// `submit`, and waits for the answer.
    package func publish(_ command: Command, to partition: Partition) async throws(BusError) -> Dot {
        try await withCheckedContinuation { continuation in
            submit(command, to: partition) { continuation.resume(returning: $0) }
        }.get()
    }
}

package struct BusError: Error, Sendable, Equatable {
    package enum Code: String, Sendable, CaseIterable {
        /// No broker can be reached. The command will never be applied.
        case unavailable
        /// The partition's queue, or the publisher, is full. The command will never be applied.
        case full
        /// The broker has no queue for the partition. The command will never be applied.
        case unroutable
        /// The connection was lost before the confirm and did not come back in time. The command goes on being
        /// sent, and may be applied.
        case outcomeUnknown
    }

    package var code: Code
    /// A sentence that is safe to show.
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var mayHaveBeenAccepted: Bool { code == .outcomeUnknown }
}

/// The projector's end of the bus.
package protocol CommandSource: Sendable {
    /// Starts the delivery of a partition's messages. They come in the order of the queue, each until it is acknowledged.
    func subscribe(to partition: Partition) async throws -> any CommandSubscription

    /// Sends outcomes to the origin that waits for them. Best effort: an origin that is gone loses nothing by it.
    func send(_ outcomes: [Outcome], to origin: Origin)
}

/// One partition's deliveries on one connection. When the connection or the channel is lost, `next` returns `nil`
/// and the unacknowledged messages are delivered to the next subscription.
package protocol CommandSubscription: Sendable {
    /// All that waits, up to about `limit` commands, in order; `nil` at the end.
    func next(limit: Int) async -> [Delivery]?

    /// What was delivered and not taken by `next` yet.
    var waiting: (messages: Int, commands: Int) { get }

    /// Settles this delivery and all before it.
    func acknowledge(through delivery: Delivery.Tag)

    /// Hands one delivery that can't be decoded to the dead-letter exchange. It must be the oldest unsettled one.
    func deadLetter(_ delivery: Delivery.Tag)

    /// Nothing more is taken: `next` returns `nil` from now on. What was taken can still be acknowledged, until `close`.
    ///
    /// The consumer stays the queue's active one meanwhile. Were it cancelled at the broker, another one would be given
    /// what lies behind the messages that this one holds, and would apply it before them.
    func cancel()

    /// Gives up the channel; what was not acknowledged is delivered elsewhere, in order.
    func close() async
}

/// One message of a partition's queue.
package struct Delivery: Sendable {
    package typealias Tag = UInt64

    package var tag: Tag
    package var redelivered: Bool
    /// How often it was delivered before, to a consumer that ended, well or badly, without settling it.
    package var previousDeliveries: Int
    package var content: Result<CommandBatch, WireError>

    package init(
        tag: Tag, redelivered: Bool, previousDeliveries: Int = 0, content: Result<CommandBatch, WireError>
    ) {
        self.tag = tag
        self.redelivered = redelivered
        self.previousDeliveries = previousDeliveries
        self.content = content
    }
}
