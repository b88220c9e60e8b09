import Cache
import Commands
import EventLog
import Logging
import Synchronization

/// Holds one partition for one epoch: subscribes, applies, and subscribes again when the bus was lost, until it is told to
/// stop or a newer owner is found. It keeps the partition's part of the cache alive meanwhile.
final class PartitionOwner: Sendable {
    let partition: Partition
    let epoch: UInt64
    private let parts: ProjectorParts
    private let cache: CacheMaintainer
    private let trialGate: AsyncGate
    private let metrics: ProjectorMetrics
    private let logger: Logger
    private let state = Mutex(State())

    private struct State {
        var stopping = false
        var projector: PartitionProjector?
    }

    init(
        _ partition: Partition, epoch: UInt64, generation: Int64, parts: ProjectorParts, trialGate: AsyncGate,
        metrics: ProjectorMetrics,
        logger: Logger,
        leaseStands: @escaping @Sendable () -> Bool
    ) {
        var logger = logger
        logger[metadataKey: "partition"] = "\(partition)"
        self.partition = partition
        self.epoch = epoch
        self.parts = parts
        self.trialGate = trialGate
        self.metrics = metrics
        self.logger = logger
        cache = CacheMaintainer(
            partition: partition, epoch: epoch, generation: generation, cache: parts.cache,
            store: parts.store, logger: logger, leaseStands: leaseStands)
    }

    /// - Returns: whether a newer owner ended it.
    func run() async -> Bool {
        await cache.start()
        var fenced = false
        while !fenced && !isStopping && !Task.isCancelled {
            do {
                fenced = try await consume()
            } catch {
                logger.warning("queue not consumed", metadata: ["error": "\(error)"])
            }
            if !fenced && !isStopping { try? await Task.sleep(for: .milliseconds(200)) }
        }
        await cache.stop()
        return fenced
    }

    /// The partition serves this generation of the projection.
    func serve(generation: Int64) async { await cache.serve(generation: generation) }

    /// Begins a graceful end: the batch at hand is applied, then `run` returns.
    func stop() {
        let projector = state.withLock { state in
            state.stopping = true
            return state.projector
        }
        projector?.stop()
    }

    private var isStopping: Bool { state.withLock(\.stopping) }

    /// What was delivered and is not applied; `nil` while nothing is consumed.
    var unapplied: HeldCommands? { state.withLock(\.projector)?.unapplied }

    /// How far Redis may be behind the partition's commits.
    var vectorAge: Duration { cache.vectorAge }

    private func consume() async throws -> Bool {
        let subscription = try await parts.source.subscribe(to: partition)
        let vector: VersionVector
        do {
            vector = try await parts.store.vector(of: partition)
        } catch {
            await subscription.close()
            throw error
        }
        let projector = PartitionProjector(
            partition: partition, epoch: epoch, subscription: subscription, vector: vector, cache: cache,
            parts: parts, trialGate: trialGate, metrics: metrics, logger: logger)
        let stopping = state.withLock { state in
            state.projector = projector
            return state.stopping
        }
        if stopping { projector.stop() }
        let end = await projector.run()
        state.withLock { $0.projector = nil }
        return end == .fenced
    }
}
