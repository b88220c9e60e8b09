import Commands

/// What lies in the queues, asked for sparingly: the question goes over the connection that consumes, which waits for its answer.
///
/// An answer holds for about five seconds, so that sixteen partitions are some three questions a second, and not at once.
actor QueueDepths {
    private static let seconds = 4.0...6.0

    private let ask: @Sendable (Partition) async throws -> Int
    private var answers: [Partition: (depth: Int, askedAt: Timestamp, until: ContinuousClock.Instant)] = [:]

    init(ask: @escaping @Sendable (Partition) async throws -> Int) { self.ask = ask }

    /// - Parameter held: by the partition's owner. While it holds nothing, nothing is left in the queue for long, whatever was there.
    /// - Returns: messages, and when the broker was asked.
    func depth(
        of partition: Partition, behind held: HeldCommands, at now: Timestamp
    ) async throws -> (messages: Int, askedAt: Timestamp) {
        if let last = answers[partition], ContinuousClock.now < last.until, last.depth == 0 || held.messages > 0 {
            return (last.depth, last.askedAt)
        }
        answers[partition] = nil
        let depth = try await ask(partition)
        answers[partition] = (depth, now, .now + .seconds(Double.random(in: Self.seconds)))
        return (depth, now)
    }
}
