package import Commands
package import EventLog
package import Logging
import Metrics
import Synchronization

/// Keeps one partition's part of Redis in step with the log, for one owner and epoch.
///
/// After `start` it renews the heartbeat by itself and repairs in the background whatever was missed: Redis was down, lost
/// its data, went back or changed master. Meanwhile commits go on, and are only noted. It follows again when Redis' vector equals
/// the newest commit.
package actor CacheMaintainer {
    package struct Settings: Sendable {
        /// How long a commit, or `start`, waits for Redis at most.
        package var patience: Duration = .seconds(1)
        package var heartbeatInterval: Duration = .seconds(1)
        /// How many events are replayed at most; beyond, the partition's entries are dropped.
        package var replayLimit = 10_000
        /// How many origins the vector in Redis keeps at most.
        package var originLimit = 512

        package init() {}
    }

    private let partition: Partition
    private let cache: any CacheProjection
    private let store: any EventStore
    private let settings: Settings
    private let leaseStands: @Sendable () -> Bool
    private let logger: Logger
    private let metrics = CacheRepairMetrics()
    private var maintenance: CacheMaintenance
    private var heartbeats: Task<Void, Never>?
    private var repair: Task<Void, Never>?
    /// An advance is on its way; it renews the heartbeat too.
    private var advancing = false
    private var stopped = false
    private nonisolated let following = Atomic(false)
    private nonisolated let followedAt = Mutex(ContinuousClock.now)

    /// - Parameters:
    ///   - epoch: the fencing epoch the partition is owned under.
    ///   - generation: of the projection; `serve` tells of a newer one. Entries of another one are never served.
    ///   - leaseStands: whether the lease on the partition surely stands, by the local monotonic clock. While it doesn't, the
    ///     heartbeat is left to expire and nothing is repaired.
    package init(
        partition: Partition, epoch: UInt64, generation: Int64, cache: any CacheProjection,
        store: any EventStore, settings: Settings = Settings(), logger: Logger,
        leaseStands: @escaping @Sendable () -> Bool
    ) {
        self.partition = partition
        self.cache = cache
        self.store = store
        self.settings = settings
        self.leaseStands = leaseStands
        self.logger = logger
        maintenance = CacheMaintenance(epoch: epoch, generation: generation, originLimit: settings.originLimit)
    }

    /// Whether Redis holds everything that was committed; for metrics and readiness. Any thread.
    package nonisolated var isFollowing: Bool { following.load(ordering: .relaxed) }

    /// How long ago Redis was last known to hold everything that was committed; about the heartbeat's interval while all is
    /// well. Any thread.
    package nonisolated var vectorAge: Duration { followedAt.withLock { .now - $0 } }

    /// Takes the partition over in Redis and begins the heartbeat. Returns when Redis follows, or after `patience`; the rest happens in
    /// the background. Call it once.
    package func start() async {
        heartbeats = Task { [weak self, settings] in
            while !Task.isCancelled {
                try? await Task.sleep(for: settings.heartbeatInterval)
                await self?.heartbeat()
            }
        }
        guard let repair = ensureRepair() else { return }
        _ = await bounded(by: settings.patience) { await repair.value }
    }

    /// Tells Redis of a commit: the keys' entries are gone from it when this returns, unless Redis is down or slow; then the
    /// repair will do it, and until then the partition's heartbeat runs out.
    ///
    /// Waits at most for `patience`, and once: until Redis follows again, calls return at once.
    ///
    /// - Parameters:
    ///   - from: the partition's sequence before the commit.
    ///   - to: and after it.
    ///   - applied: origins whose n advanced.
    /// - Returns: whether a newer owner of the partition exists: stop.
    package func committed(
        from: UInt64, to: UInt64, applied: [Origin: UInt64], changed: [Key]
    ) async -> Bool {
        if case .advance(let position, let target, let origins) = maintenance.committed(
            from: from, to: to, applied: applied)
        {
            advancing = true
            let answer = await ask { [cache, partition] () async throws(CacheError) in
                try await cache.advance(partition, from: position, to: target, origins: origins, changed: changed)
            }
            advancing = false
            maintenance.answered(answer, from: position, to: target)
        }
        changedState()
        return maintenance.state == .fenced
    }

    /// The partition serves this generation of the projection now; drops the entries of the one before.
    package func serve(generation: Int64) {
        guard maintenance.serve(generation: generation) else { return }
        logger.info("projection's generation changed", metadata: ["projection.generation": "\(generation)"])
        changedState()
    }

    /// Ends the heartbeat and the repair. What Redis holds stays, for the next owner to take over.
    package func stop() async {
        stopped = true
        heartbeats?.cancel()
        repair?.cancel()
        following.store(false, ordering: .relaxed)
        _ = await heartbeats?.value
        _ = await repair?.value
    }

    /// Renews the heartbeat if Redis follows and the lease stands. Called every `heartbeatInterval` after `start`.
    func heartbeat() async {
        guard case .following(let position) = maintenance.state, !advancing, !stopped, leaseStands() else { return }
        let answer = await ask { [cache, partition] () async throws(CacheError) in
            try await cache.renew(partition, at: position)
        }
        maintenance.answered(answer, from: position, to: position)
        changedState()
    }

    /// After every change of `maintenance`, before anything is awaited.
    private func changedState() {
        if case .following = maintenance.state {
            following.store(!stopped, ordering: .relaxed)
            followedAt.withLock { $0 = .now }
        } else {
            if following.exchange(false, ordering: .relaxed) {
                logger.warning(
                    "redis no longer follows", metadata: ["cache.fenced": "\(maintenance.state == .fenced)"])
            }
            _ = ensureRepair()
        }
    }

    private func ensureRepair() -> Task<Void, Never>? {
        guard repair == nil, !stopped, maintenance.state == .detached else { return repair }
        repair = Task { [weak self] in
            var backoff = Backoff()
            while !Task.isCancelled, let self {
                if await self.repairOnce() { return }
                try? await Task.sleep(for: backoff.next())
            }
        }
        return repair
    }

    /// One attempt to bring Redis to the newest commit, catching up with commits that happen meanwhile.
    ///
    /// - Returns: whether the repair has ended.
    private func repairOnce() async -> Bool {
        do {
            var position = try await cache.position(of: partition)
            var tooLong = false
            var dropped = false
            while !Task.isCancelled && leaseStands() {
                let incarnation = String(UInt64.random(in: .min ... .max), radix: 36)
                let step = maintenance.repair(from: position, tooLong: tooLong, incarnation: incarnation)
                tooLong = false
                switch step {
                case .readLog:
                    maintenance.learned(try await store.vector(of: partition))
                case .replay(let from, let target, let origins, let revision):
                    guard let keys = try await keysChanged(from: from, to: target) else {
                        tooLong = true
                        continue
                    }
                    guard leaseStands() else { return false }
                    let answer = try await cache.advance(
                        partition, from: from, to: target, origins: origins, changed: keys)
                    if finish(answer, at: target, revision, &position) { return finished(dropped: dropped) }
                case .drop(let target, let applied, let revision):
                    let answer = try await cache.establish(partition, at: target, applied: applied)
                    dropped = true
                    if finish(answer, at: target, revision, &position) { return finished(dropped: dropped) }
                case .fenced:
                    maintenance.fence()
                }
                if maintenance.state == .fenced { return ended() }
            }
        } catch {
            logger.debug("redis not repaired yet", metadata: ["error": "\(error)"])
        }
        return false
    }

    /// What follows Redis' answer to a step of the repair; nothing is awaited in between.
    ///
    /// - Returns: whether the repair is complete.
    private func finish(
        _ answer: CacheAdvance, at target: CachePosition, _ revision: UInt64, _ position: inout CachePosition?
    ) -> Bool {
        switch answer {
        case .done:
            position = target
            return maintenance.repaired(at: target, revision: revision)
        case .elsewhere(let other):
            position = other
            return false
        case .fenced:
            maintenance.fence()
            return false
        }
    }

    private func finished(dropped: Bool) -> Bool {
        (dropped ? metrics.dropped : metrics.replayed).increment()
        logger.info("redis follows", metadata: ["cache.dropped": "\(dropped)"])
        return ended()
    }

    private func ended() -> Bool {
        repair = nil
        changedState()
        return true
    }

    private func keysChanged(from: CachePosition, to: CachePosition) async throws(EventLogError) -> [Key]? {
        if from.sequence == to.sequence { return [] }
        return try await store.keysChanged(
            in: partition, after: from.sequence, through: to.sequence, limit: settings.replayLimit)
    }

    /// - Returns: `nil` when Redis failed or took too long.
    private func ask(
        _ request: @escaping @Sendable () async throws(CacheError) -> CacheAdvance
    ) async -> CacheAdvance? {
        await bounded(by: settings.patience) { try? await request() } ?? nil
    }
}
