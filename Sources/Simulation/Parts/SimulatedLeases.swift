import Commands
import EventLog

/// The tables of leases and workers, timed by the database's clock.
struct SimulatedLeases {
    struct Lease {
        var owner: WorkerID?
        var epoch: UInt64 = 0
        var expiresAt: Nanoseconds = 0
    }

    private(set) var leases: [Lease]
    private var workers: [WorkerID: Nanoseconds] = [:]

    init(partitions: Int) { leases = Array(repeating: Lease(), count: partitions) }

    mutating func renew(_ worker: WorkerID, until expiry: Nanoseconds, at now: Nanoseconds) -> LeaseTable {
        workers[worker] = expiry
        for index in leases.indices where leases[index].owner == worker { leases[index].expiresAt = expiry }
        workers = workers.filter { $0.value > now }
        let entries = leases.enumerated().map { index, lease in
            LeaseTable.Entry(
                partition: Partition(index), owner: lease.owner, epoch: lease.epoch, expired: lease.expiresAt <= now)
        }
        return LeaseTable(entries: entries, workers: workers.keys.sorted { $0.description < $1.description })
    }

    /// - Returns: the new epoch; `nil` when another worker has it.
    mutating func acquire(
        _ partition: Partition, by worker: WorkerID, until expiry: Nanoseconds, at now: Nanoseconds
    ) -> UInt64? {
        let lease = leases[partition.number]
        guard lease.owner == nil || lease.owner == worker || lease.expiresAt <= now else { return nil }
        leases[partition.number] = Lease(owner: worker, epoch: lease.epoch + 1, expiresAt: expiry)
        return lease.epoch + 1
    }

    mutating func release(_ partition: Partition, by worker: WorkerID, at now: Nanoseconds) {
        guard leases[partition.number].owner == worker else { return }
        leases[partition.number].owner = nil
        leases[partition.number].expiresAt = now
    }

    mutating func leave(_ worker: WorkerID, at now: Nanoseconds) {
        for index in leases.indices { release(Partition(index), by: worker, at: now) }
        workers[worker] = nil
    }
}
