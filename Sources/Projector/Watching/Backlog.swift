package import Commands

/// What waits in the partitions of one projector.
package struct Backlog: Sendable, Equatable {
    /// Exact for what projectors hold. What lies behind it in the queue is counted in messages, and each is taken for as large
    /// as those that are held.
    package private(set) var commands = 0.0
    /// When the oldest was accepted, or a moment before; `nil` when nothing waits.
    package private(set) var oldest: Timestamp?
    /// Whether `oldest` is of all partitions.
    package private(set) var isOldestKnown = true

    package init() {}

    /// - Parameters:
    ///   - held: by the partition's owner.
    ///   - behind: messages in the queue that were not delivered yet.
    ///   - emptyAt: when nothing waited; what does now came later.
    package mutating func add(_ held: HeldCommands, behind: Int, emptyAt: Timestamp? = nil) {
        let size = held.messages == 0 ? 1 : Double(held.commands) / Double(held.messages)
        commands += Double(held.commands) + Double(behind) * size
        guard held.messages + behind > 0 else { return }
        if let other = held.oldest ?? emptyAt {
            oldest = min(oldest ?? other, other)
        } else {
            isOldestKnown = false
        }
    }
}
