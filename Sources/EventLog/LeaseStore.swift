package import Commands
package import Foundation

/// Who owns which partition: leases in the database, timed by its clock, so that workers' clocks don't matter.
package protocol LeaseStore: Sendable {
    /// Registers the worker or renews it, with all its leases, for `duration`.
    ///
    /// - Returns: all leases and the number of live workers, as of now.
    func renew(_ worker: WorkerID, name: String, for duration: Duration) async throws(EventLogError) -> LeaseTable

    /// Takes a partition that is free or expired. Raises its epoch in the lease and in the partition itself, so that every
    /// transaction of an earlier owner fails from now on.
    ///
    /// - Returns: the new epoch; `nil` when another worker was faster.
    func acquire(
        _ partition: Partition, by worker: WorkerID, for duration: Duration
    ) async throws(EventLogError) -> UInt64?

    /// Gives a partition up for the next worker to take at once.
    func release(_ partition: Partition, by worker: WorkerID) async throws(EventLogError)

    /// Gives everything up and leaves.
    func leave(_ worker: WorkerID) async throws(EventLogError)
}

/// One run of one projector.
package struct WorkerID: Hashable, Sendable, CustomStringConvertible {
    package let id: UUID

    package init(_ id: UUID = UUID()) { self.id = id }
    package var description: String { id.uuidString.lowercased() }
}

package struct LeaseTable: Sendable {
    /// One partition's lease.
    package struct Entry: Sendable, Equatable {
        package var partition: Partition
        /// `nil` when free.
        package var owner: WorkerID?
        package var epoch: UInt64
        package var expired: Bool
        /// Of the projection that the partition serves.
        package var generation: Int64

        package init(
            partition: Partition, owner: WorkerID?, epoch: UInt64, expired: Bool, generation: Int64 = 1
        ) {
            self.partition = partition
            self.owner = owner
            self.epoch = epoch
            self.expired = expired
            self.generation = generation
        }
    }

    /// In partition order, every partition of the cluster.
    package var entries: [Entry]
    /// Workers whose registration has not expired, in a fixed order.
    package var workers: [WorkerID]

    package init(entries: [Entry], workers: [WorkerID]) {
        self.entries = entries
        self.workers = workers
    }
}
