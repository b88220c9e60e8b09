package import Commands

/// What waits in the partitions of one projector.
package struct Backlog: Sendable, Equatable {
    /// Exact for what projectors hold. What lies behind it in the queue is counted in messages, and each is taken for as large
    /// as those that are held.
    package private(set) var commands = 0.0
    package private(set) var oldest: Timestamp?

    package init() {}

    /// - Parameters:
    ///   - held: by the partition's owner.
    ///   - behind: messages in the queue that were not delivered yet.
    package mutating func add(_ held: HeldCommands, behind: Int) {
        let size = held.messages == 0 ? 1 : Double(held.commands) / Double(held.messages)
        commands += Double(held.commands) + Double(behind) * size
        if let other = held.oldest { oldest = min(oldest ?? other, other) }
    }
}
