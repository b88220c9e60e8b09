import ArgumentParser
import Audit
import Commands

extension LogPoint: ExpressibleByArgument {
    public init?(argument: String) { self.init(argument) }
}

extension LogPoint.Beyond {
    var failure: CommandFailure {
        CommandFailure(
            .wrongUsage,
            last.map { "Partition \(partition) ends at \($0); there is no \(sequence)." }
                ?? "There is no partition \(partition).")
    }
}
