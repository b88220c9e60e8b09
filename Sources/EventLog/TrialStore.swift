package import Commands

/// Counts how often something was applied alone, durably and before the attempt: what makes a process die can't be
/// counted after it.
package protocol TrialStore: Sendable {
    /// - Returns: how often it has begun, this time included.
    /// - Throws: `EventLogError`: `fenced` when the partition has another epoch.
    func begin(_ trial: Trial, epoch: UInt64) async throws(EventLogError) -> Int

    /// The process outlived it: forgets the count.
    func end(_ trial: Trial) async throws(EventLogError)
}

/// Consecutive commands of one origin that are applied alone.
package struct Trial: Sendable, Hashable {
    package var partition: Partition
    package var first: Dot
    package var commands: Int

    package init(partition: Partition, first: Dot, commands: Int) {
        self.partition = partition
        self.first = first
        self.commands = commands
    }
}
