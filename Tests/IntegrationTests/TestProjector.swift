import Cache
import Commands
import EventLog
import Foundation
import Projector
import ServiceLifecycle

/// Where a test makes a projector die: what happens there is the test's choice, and nothing after it runs, as when the
/// process is killed.
struct ProjectorHooks: Sendable {
    /// Before a batch's transaction begins.
    var beforeTransaction: @Sendable (BatchRead) async throws(EventLogError) -> Void = { _ throws(EventLogError) in }
    /// After a batch was committed, before anything else knows.
    var afterCommit: @Sendable () async -> Void = {}
    /// After the invalidation, before the acknowledgement.
    var afterInvalidation: @Sendable () async -> Void = {}
}

/// A projector over the real parts, in this process.
final class TestProjector: Sendable {
    let worker: ProjectorWorker
    private let source: RabbitMQSource
    private let store: PostgresEventStore
    private let leases: PostgresLeaseStore
    private let cache: RedisCache
    private let group: ServiceGroup
    private let running: Task<Void, any Error>

    init(
        _ cluster: TestCluster, hooks: ProjectorHooks = ProjectorHooks(),
        configure: (inout ProjectorConfiguration) -> Void = { _ in }
    ) {
        let partitioner = cluster.description.partitioner
        source = RabbitMQSource(configuration: cluster.bus, partitions: partitioner, logger: TestCluster.quiet)
        store = PostgresEventStore(cluster.database)
        leases = PostgresLeaseStore(cluster.database)
        cache = RedisCache(cluster.redis, partitioner: partitioner, logger: TestCluster.quiet)
        var configuration = ProjectorConfiguration(name: "test")
        configuration.leaseDuration = .seconds(2)
        configuration.renewalInterval = .milliseconds(200)
        configuration.drainTimeout = .seconds(3)
        configure(&configuration)
        worker = ProjectorWorker(
            ProjectorParts(
                source: source, store: HookedStore(base: store, hooks: hooks), trials: store, leases: leases,
                cache: HookedCache(base: cache, afterInvalidation: hooks.afterInvalidation),
                cluster: cluster.description, configuration: configuration, logger: TestCluster.quiet))
        let group = ServiceGroup(configuration: .init(services: [worker], logger: TestCluster.quiet))
        self.group = group
        running = Task { try await group.run() }
    }

    /// Ends it as SIGTERM would.
    func close() async {
        await group.triggerGracefulShutdown()
        try? await running.value
        await disconnect()
    }

    /// Cuts its connections without a word and stops it, as SIGKILL would: nothing is handed over, nothing acknowledged.
    func kill() async {
        await disconnect()
        running.cancel()
        try? await running.value
    }

    private func disconnect() async {
        await source.close()
        await cache.close()
        await store.close()
        await leases.close()
    }
}

private struct HookedStore: EventStore {
    let base: PostgresEventStore
    let hooks: ProjectorHooks

    func transact(
        _ read: BatchRead, decide: @escaping @Sendable (PartitionSnapshot) -> BatchDecision
    ) async throws(EventLogError) -> BatchWrite {
        try await hooks.beforeTransaction(read)
        let write = try await base.transact(read, decide: decide)
        if !write.events.isEmpty { await hooks.afterCommit() }
        return write
    }

    func vector(of partition: Partition) async throws(EventLogError) -> VersionVector {
        try await base.vector(of: partition)
    }

    func keysChanged(
        in partition: Partition, after sequence: UInt64, through: UInt64, limit: Int
    ) async throws(EventLogError) -> [Key]? {
        try await base.keysChanged(in: partition, after: sequence, through: through, limit: limit)
    }

    func forgetOrigins(
        in partition: Partition, silentSince time: Timestamp, limit: Int
    ) async throws(EventLogError) -> [Origin] {
        try await base.forgetOrigins(in: partition, silentSince: time, limit: limit)
    }

    func claimDeadLetter(in partition: Partition) async throws(EventLogError) -> DeadLetter? {
        try await base.claimDeadLetter(in: partition)
    }

    func returnDeadLetter(_ id: CommandID, in partition: Partition, reason: String) async throws(EventLogError) {
        try await base.returnDeadLetter(id, in: partition, reason: reason)
    }

    func keysAwaitingExpiry(
        in partition: Partition, at time: Timestamp, limit: Int
    ) async throws(EventLogError) -> [Key] {
        try await base.keysAwaitingExpiry(in: partition, at: time, limit: limit)
    }
}

private struct HookedCache: CacheProjection {
    let base: RedisCache
    let afterInvalidation: @Sendable () async -> Void

    func position(of partition: Partition) async throws(CacheError) -> CachePosition? {
        try await base.position(of: partition)
    }

    func advance(
        _ partition: Partition, from position: CachePosition, to target: CachePosition, origins: CacheOrigins,
        changed: [Key]
    ) async throws(CacheError) -> CacheAdvance {
        let answer = try await base.advance(
            partition, from: position, to: target, origins: origins, changed: changed)
        if !changed.isEmpty { await afterInvalidation() }
        return answer
    }

    func renew(_ partition: Partition, at position: CachePosition) async throws(CacheError) -> CacheAdvance {
        try await base.renew(partition, at: position)
    }

    func establish(
        _ partition: Partition, at position: CachePosition, applied: [Origin: UInt64]
    ) async throws(CacheError) -> CacheAdvance {
        try await base.establish(partition, at: position, applied: applied)
    }
}
