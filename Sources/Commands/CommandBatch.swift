/// One message: consecutive commands of one origin for one partition.
package struct CommandBatch: Sendable, Equatable {
    package var partition: Partition
    package var origin: Origin
    /// The n of the first command; the others follow without gaps.
    package var firstN: UInt64
    package var commands: [Command]

    package init(partition: Partition, origin: Origin, firstN: UInt64, commands: [Command]) {
        self.partition = partition
        self.origin = origin
        self.firstN = firstN
        self.commands = commands
    }
}

/// A message that isn't one of ours, or is damaged.
package struct WireError: Error, Sendable, Equatable {
    /// What is wrong with it, without any of its content.
    package var message: String

    package init(_ message: String) { self.message = message }
}
