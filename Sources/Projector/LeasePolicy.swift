package import Commands
package import EventLog

/// Who should own what: every live worker an equal share, nothing moved without need.
package struct LeasePolicy {
    package struct Plan: Equatable, Sendable {
        /// Free or expired partitions to try for, and those that the table gives to this worker while it does not run them: the answer
        /// to its acquiring or releasing them was lost.
        package var acquire: [Partition]
        /// Partitions to hand over gracefully.
        package var release: [Partition]
        /// Partitions held here that the table no longer gives to this worker.
        package var lost: [Partition]

        package init(acquire: [Partition] = [], release: [Partition] = [], lost: [Partition] = []) {
            self.acquire = acquire
            self.release = release
            self.lost = lost
        }
    }

    /// - Parameters:
    ///   - table: as of now.
    ///   - held: what this worker runs, with the epoch it runs under.
    package static func plan(_ table: LeaseTable, for worker: WorkerID, held: [Partition: UInt64]) -> Plan {
        var plan = Plan()
        let mine = table.entries.filter { $0.owner == worker && !$0.expired }
        let still = Dictionary(uniqueKeysWithValues: mine.map { ($0.partition, $0.epoch) })
        plan.lost = held.filter { still[$0.key] != $0.value }.keys.sorted()

        plan.acquire = mine.map(\.partition).filter { held[$0] == nil }
        guard let rank = table.workers.firstIndex(of: worker) else { return plan }
        let (share, rest) = table.entries.count.quotientAndRemainder(dividingBy: table.workers.count)
        let target = share + (rank < rest ? 1 : 0)
        if mine.count > target {
            plan.release = mine.suffix(mine.count - target).map(\.partition)
        } else {
            let free = table.entries.filter { entry in
                held[entry.partition] == nil && (entry.owner == nil || entry.expired)
            }
            plan.acquire += free.prefix(target - mine.count).map(\.partition)
        }
        return plan
    }
}
