package import Commands
package import EventLog
import Logging
import Metrics
package import ServiceLifecycle
import Synchronization

/// A worker: owns a fair share of the partitions and applies their commands.
///
/// Leases decide who works; they are renewed every second and timed by the database's clock. They are not what makes it
/// safe: a worker that only thinks it still owns a partition is stopped by the epoch in the transaction.
package actor ProjectorWorker: Service {
    private struct Held {
        var owner: PartitionOwner
        var task: Task<Void, Never>
        var leaving = false
    }

    private let parts: ProjectorParts
    private let worker: WorkerID
    private let metrics = ProjectorMetrics()
    /// What may make the process die is applied one at a time, so that the next process knows which it was.
    private let trialGate = AsyncGate()
    private let logger: Logger
    private nonisolated let lease = LeaseDeadline()
    private var held: [Partition: Held] = [:]

    package init(_ parts: ProjectorParts, worker: WorkerID = WorkerID()) {
        self.parts = parts
        self.worker = worker
        var logger = parts.logger
        logger[metadataKey: "worker.id"] = "\(worker)"
        self.logger = logger
    }

    /// Partitions that this worker holds at the moment.
    package var owned: [Partition] { held.keys.sorted() }

    /// Of each of them, what was delivered and is not applied; `nil` when the partition is not consumed.
    package var unapplied: [Partition: HeldCommands?] { held.mapValues(\.owner.unapplied) }

    /// Of the partition that Redis has not been known to follow for the longest.
    package var vectorAge: Duration { held.values.map(\.owner.vectorAge).max() ?? .zero }

    /// Whether leases are being renewed: the database answers, and this worker takes its share.
    package nonisolated var isReady: Bool { lease.stands }

    /// Runs until graceful shutdown or cancellation, then hands everything over: the batches at hand are applied first, for as long as
    /// the drain may take. What is left is delivered to the next owner.
    package func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await self.round()
                try? await Task.sleep(for: self.parts.configuration.renewalInterval)
            }
        }
        await drain()
    }

    private func round() async {
        let asked = ContinuousClock.now
        let table: LeaseTable
        do {
            table = try await parts.leases.renew(
                worker, name: parts.configuration.name, for: parts.configuration.leaseDuration)
        } catch {
            return logger.warning("leases not renewed", metadata: ["error": "\(error.message)"])
        }
        // Counted from before the request: the database's lease ends no earlier.
        lease.extend(to: asked + parts.configuration.leaseDuration)
        let plan = LeasePolicy.plan(table, for: worker, held: held.mapValues(\.owner.epoch))
        for partition in plan.lost { held[partition]?.task.cancel() }
        for partition in plan.release where held[partition]?.leaving == false { leave(partition) }
        for entry in table.entries { await held[entry.partition]?.owner.serve(generation: entry.generation) }
        for partition in plan.acquire where held[partition] == nil {
            await takeOver(partition, generation: table.entries[partition.number].generation)
        }
        metrics.partitionsOwned.record(held.count)
        metrics.partitions.record(table.entries.count)
    }

    private func takeOver(_ partition: Partition, generation: Int64) async {
        let epoch: UInt64
        do {
            guard
                let acquired = try await parts.leases.acquire(
                    partition, by: worker, for: parts.configuration.leaseDuration)
            else { return }
            epoch = acquired
        } catch {
            return logger.warning(
                "partition not taken over", metadata: ["partition": "\(partition)", "error": "\(error.message)"])
        }
        metrics.takeovers.increment()
        logger.info("partition taken over", metadata: ["partition": "\(partition)", "epoch": "\(epoch)"])
        let owner = PartitionOwner(
            partition, epoch: epoch, generation: generation, parts: parts, trialGate: trialGate, metrics: metrics,
            logger: logger,
            leaseStands: { [lease] in lease.stands })
        let task = Task {
            let fenced = await owner.run()
            await self.ended(partition, epoch: epoch, fenced: fenced)
        }
        held[partition] = Held(owner: owner, task: task)
    }

    /// Hands a partition over without holding up the renewal of the others.
    private func leave(_ partition: Partition) {
        guard let owner = held[partition]?.owner else { return }
        held[partition]?.leaving = true
        owner.stop()
    }

    private func ended(_ partition: Partition, epoch: UInt64, fenced: Bool) async {
        guard held[partition]?.owner.epoch == epoch else { return }
        if fenced {
            logger.warning("partition lost to a newer owner", metadata: ["partition": "\(partition)"])
        } else {
            do {
                try await parts.leases.release(partition, by: worker)
                logger.info("partition handed over", metadata: ["partition": "\(partition)"])
            } catch {
                logger.warning("lease not released; it will expire", metadata: ["partition": "\(partition)"])
            }
        }
        held[partition] = nil
    }

    private func drain() async {
        let tasks = held.values.map(\.task)
        for partition in held.keys { leave(partition) }
        let limit = Task {
            try await Task.sleep(for: parts.configuration.drainTimeout)
            for task in tasks { task.cancel() }
        }
        for task in tasks { await task.value }
        limit.cancel()
        do {
            try await parts.leases.leave(worker)
        } catch {
            logger.warning("worker not signed off; its registration will expire")
        }
    }
}

/// Until when this worker's leases surely stand, by its own monotonic clock.
private final class LeaseDeadline: Sendable {
    private let deadline = Mutex(ContinuousClock.now)

    func extend(to instant: ContinuousClock.Instant) { deadline.withLock { $0 = max($0, instant) } }
    var stands: Bool { deadline.withLock { ContinuousClock.now < $0 } }
}
