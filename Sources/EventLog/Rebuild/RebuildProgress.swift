import Synchronization

/// How far a rebuild is. Any thread.
package final class RebuildProgress: Sendable {
    package enum Phase: String, Sendable {
        case waiting, building, comparing, swapping, dropping
    }

    package struct Reading: Sendable {
        package var phase = Phase.waiting
        /// Events folded by this run, and how many there are to fold; rows when comparing or dropping.
        package var done = 0
        package var total = 0
        package var partitionsDone = 0
        package var partitions = 0
    }

    private let reading = Mutex(Reading())

    package init() {}

    package var current: Reading { reading.withLock { $0 } }

    func begin(_ phase: Phase, total: Int, partitions: Int) {
        reading.withLock { $0 = Reading(phase: phase, total: total, partitions: partitions) }
    }

    func advance(by count: Int) { reading.withLock { $0.done += count } }
    func finishedPartition() { reading.withLock { $0.partitionsDone += 1 } }
}
