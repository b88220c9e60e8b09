package import Commands

/// What was delivered to a partition's owner and is not applied.
package struct HeldCommands: Sendable, Equatable {
    package var messages: Int
    package var commands: Int
    /// When the oldest of them was accepted, or one that came before all of them; `nil` when there is none, or nobody knows.
    package var oldest: Timestamp?

    package init(messages: Int = 0, commands: Int = 0, oldest: Timestamp? = nil) {
        self.messages = messages
        self.commands = commands
        self.oldest = oldest
    }
}
