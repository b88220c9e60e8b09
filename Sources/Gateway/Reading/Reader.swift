package import Cache
package import Commands
package import EventLog
import NIOCore

/// Answers reads at the asked consistency: from the cache where it may be used, else from the database.
package struct Reader: Sendable {
    private let cache: any ReadCache
    private let log: any LogReader
    private let writer: Writer
    private let partitioner: Partitioner
    private let clock: any WallClock
    private let flights = SingleFlight<CacheSlot, Result<Fetched, GatewayError>>()
    private let barriers = SingleFlight<Partition, Barrier>()

    private struct Fetched: Sendable {
        var entry: CacheEntry
        var source: ReadSource
    }

    private struct Barrier: Sendable {
        var began: ContinuousClock.Instant
        var passed: Bool
    }

    /// How long a barrier may take when the client names no time.
    static let barrierTimeout = Duration.seconds(5)
    /// And one that only tells whether dots of unknown origins are applied.
    static let shortBarrierTimeout = Duration.seconds(1)
    /// Stands for any key where only the vector matters.
    private static let anyKey = Key(trusted: "tidemark")

    package init(
        cache: any ReadCache, log: any LogReader, writer: Writer, partitioner: Partitioner, clock: any WallClock
    ) {
        self.cache = cache
        self.log = log
        self.writer = writer
        self.partitioner = partitioner
        self.clock = clock
    }

    package func read(_ request: ReadRequest) async throws(GatewayError) -> ReadResult {
        let partition = partitioner.partition(of: request.key)
        switch request.consistency {
        case .eventual:
            return try await eventual(request.key, partition)
        case .session:
            guard let mark = request.session?[partition] else { return try await eventual(request.key, partition) }
            return try await session(request.key, mark, wait: request.wait ?? .zero)
        case .applied:
            return try await applied(request.key, partition)
        case .linearizable:
            try await writer.barrier(
                request.key, principal: request.principal, timeout: request.wait ?? Self.barrierTimeout)
            return try await applied(request.key, partition)
        }
    }

    /// Waits until every write of the token is applied.
    ///
    /// - Returns: the token, its dots folded into sequences.
    package func reach(_ token: SessionToken, wait: Duration) async throws(GatewayError) -> SessionToken {
        let deadline = ContinuousClock.now + wait
        var token = token
        for mark in token.marks {
            let reading = try await reading(Self.anyKey, covering: mark, until: deadline)
            token.fold(reading.vector, in: mark.partition)
        }
        return token
    }

    /// Folds what is applied already of a crowded token. Waits for nothing but the answers of Redis and the database, and
    /// for a barrier when a mark is nearly full of dots that these know nothing of.
    package func fold(_ token: SessionToken) async -> SessionToken {
        await withTaskGroup(of: (Partition, VersionVector).self) { group in
            for mark in token.crowdedMarks { group.addTask { (mark.partition, await known(of: mark)) } }
            var token = token
            for await (partition, vector) in group { token.fold(vector, in: partition) }
            return token
        }
    }

    private func known(of mark: SessionToken.Mark) async -> VersionVector {
        let origins = mark.pending.map(\.origin)
        var vector = VersionVector()
        if let cached = try? await cache.lookUp(Self.anyKey, in: mark.partition, origins: origins).vector {
            vector = cached
        }
        if vector.covers(mark) { return vector }
        guard let reading = try? await databaseRead(Self.anyKey, mark.partition, origins: origins) else {
            return vector
        }
        vector = reading.vector
        let left = mark.pending.filter { !vector.covers($0) }.count
        if left > SessionTokenCodec.maximumPendingDots * 3 / 4, vector.misses(mark), await passBarrier(mark.partition) {
            // The vector was read before the barrier, so its sequence may be too low for these dots.
            guard let after = try? await databaseRead(Self.anyKey, mark.partition, origins: origins) else {
                return vector
            }
            vector = after.vector.including(mark)
        }
        return vector
    }

    // MARK: - Levels

    private func eventual(_ key: Key, _ partition: Partition) async throws(GatewayError) -> ReadResult {
        let lookup: CacheLookup
        do {
            lookup = try await cache.lookUp(key, in: partition)
        } catch {
            return try await applied(key, partition, provesVector: false)
        }
        switch lookup {
        case .hit(let entry): return ReadResult(entry: entry, partition: partition, source: .cache)
        case .unusable: return try await applied(key, partition, provesVector: false)
        case .miss(let slot):
            let fetched = try await flights.fetch(slot) { await fetchAndFill(key, partition, slot) }.get()
            return ReadResult(entry: fetched.entry, partition: partition, source: fetched.source)
        }
    }

    /// The vector first, then the entry: if Redis has seen all that the client has, its entry is new enough. So is the database,
    /// which is never behind Redis. A fetch that others began earlier is not joined: it may be older than the vector.
    private func session(
        _ key: Key, _ mark: SessionToken.Mark, wait: Duration
    ) async throws(GatewayError) -> ReadResult {
        let partition = mark.partition
        if let (vector, lookup) = try? await cache.lookUp(key, in: partition, origins: mark.pending.map(\.origin)),
            let vector, vector.covers(mark)
        {
            switch lookup {
            case .hit(let entry):
                return ReadResult(entry: entry, partition: partition, source: .cache, vector: vector)
            case .miss(let slot):
                let fetched = try await fetchAndFill(key, partition, slot, takesOthers: false).get()
                return ReadResult(
                    entry: fetched.entry, partition: partition, source: fetched.source, vector: vector)
            case .unusable: break
            }
        }
        let reading = try await reading(key, covering: mark, until: ContinuousClock.now + wait)
        return result(reading, partition, source: .database, provesVector: true)
    }

    private func applied(
        _ key: Key, _ partition: Partition, provesVector: Bool = true
    ) async throws(GatewayError) -> ReadResult {
        result(
            try await databaseRead(key, partition, origins: []), partition, source: .database,
            provesVector: provesVector)
    }

    // MARK: - The database

    private func reading(
        _ key: Key, covering mark: SessionToken.Mark, until deadline: ContinuousClock.Instant
    ) async throws(GatewayError) -> KeyReading {
        var pause = Duration.milliseconds(2)
        var allApplied = false
        while true {
            var reading = try await databaseRead(key, mark.partition, origins: mark.pending.map(\.origin))
            if allApplied { reading.vector = reading.vector.including(mark) }
            if reading.vector.covers(mark) { return reading }
            // A sequence in a token was applied once. If the log has not come as far, it never will by waiting.
            let impossible = mark.sequence > reading.vector.sequence
            if !impossible, reading.vector.misses(mark), await passBarrier(mark.partition) {
                allApplied = true
                continue
            }
            if impossible || ContinuousClock.now + pause > deadline {
                throw GatewayError(
                    .sessionNotReached,
                    impossible
                        ? "The session token is ahead of everything this cluster knows; drop it to read what there is."
                        : "Writes of this session are not applied yet. Try again, or send Prefer: wait=S to wait for them."
                )
            }
            do {
                try await Task.sleep(for: pause)
            } catch {
                throw GatewayError(.sessionNotReached, "The request was cancelled.")
            }
            pause = min(pause * 2, .milliseconds(50))
        }
    }

    /// Whether everything of the partition that was acknowledged before the call is applied: what a dot of an origin
    /// that the database doesn't know (any more) can't tell otherwise. One barrier serves all that ask before it is sent.
    private func passBarrier(_ partition: Partition) async -> Bool {
        let asked = ContinuousClock.now
        while true {
            let barrier = await barriers.fetch(partition) {
                let began = ContinuousClock.now
                do throws(GatewayError) {
                    let passed = try await writer.passes(
                        partition, Self.anyKey, principal: "tidemark", timeout: Self.shortBarrierTimeout)
                    return Barrier(began: began, passed: passed)
                } catch {
                    return Barrier(began: began, passed: false)
                }
            }
            if barrier.began >= asked { return barrier.passed }
        }
    }

    private func databaseRead(
        _ key: Key, _ partition: Partition, origins: [Origin]
    ) async throws(GatewayError) -> KeyReading {
        do {
            return try await log.read(key, in: partition, origins: origins)
        } catch {
            throw GatewayError(error)
        }
    }

    /// - Parameter takesOthers: whether an entry will do that somebody filled meanwhile. Redis may have failed over since the
    ///   look-up, and then that entry is older than the vector that came with it.
    private func fetchAndFill(
        _ key: Key, _ partition: Partition, _ slot: CacheSlot, takesOthers: Bool = true
    ) async -> Result<Fetched, GatewayError> {
        // Without a lease, for whatever reason, the answer is good and only isn't kept.
        let grant = (try? await cache.takeLease(on: slot)) ?? .held
        if case .filled(let entry) = grant, takesOthers { return .success(Fetched(entry: entry, source: .cache)) }
        do throws(GatewayError) {
            let reading = try await databaseRead(key, partition, origins: [])
            let entry = CacheEntry(reading.value)
            var stored = false
            if case .granted(let lease) = grant { stored = (try? await cache.fill(lease, with: entry)) ?? false }
            return .success(
                Fetched(entry: entry.asOf(clock.now()), source: .databaseAfterMiss(stored: stored)))
        } catch {
            return .failure(error)
        }
    }

    private func result(
        _ reading: KeyReading, _ partition: Partition, source: ReadSource, provesVector: Bool
    ) -> ReadResult {
        ReadResult(
            entry: CacheEntry(reading.value).asOf(clock.now()), partition: partition, source: source,
            vector: provesVector ? reading.vector : nil)
    }
}

extension VersionVector {
    fileprivate func covers(_ mark: SessionToken.Mark) -> Bool {
        sequence >= mark.sequence && mark.pending.allSatisfy(covers)
    }

    /// Whether it has nothing of an origin that the mark has a dot of: nothing of it was applied yet, or its row was
    /// removed long after.
    fileprivate func misses(_ mark: SessionToken.Mark) -> Bool {
        mark.pending.contains { applied[$0.origin] == nil }
    }

    /// With the mark's dots, which are known to be applied.
    fileprivate func including(_ mark: SessionToken.Mark) -> VersionVector {
        var vector = self
        for dot in mark.pending { vector.applied[dot.origin] = max(vector.applied[dot.origin] ?? 0, dot.n) }
        return vector
    }
}

extension CacheEntry {
    /// Of a row in the projection; of none, the absence of a key that never existed.
    fileprivate init(_ stored: StoredValue?) {
        guard let stored else {
            self.init(
                state: KeyState(version: 0, createdVersion: 0, deleted: true, expiresAt: nil),
                modifiedAt: Timestamp(microseconds: 0), contentType: Content.defaultType, value: ByteBuffer())
            return
        }
        self.init(
            state: stored.state, modifiedAt: stored.modifiedAt, contentType: stored.content.type,
            value: ByteBuffer(bytes: stored.content.value))
    }

    /// A value past its expiry is absent, whether or not its `expired` event has been written.
    fileprivate func asOf(_ time: Timestamp) -> CacheEntry {
        guard state.awaitsExpiry(at: time) else { return self }
        var absent = self
        absent.state.deleted = true
        absent.value = ByteBuffer()
        return absent
    }
}

extension GatewayError {
    init(_ error: EventLogError) {
        switch error.code {
        case .overloaded: self.init(.overloaded, "The database has as many requests waiting as it can take. Try again.")
        default: self.init(.databaseUnavailable, "The database can't be asked at the moment. Try again.")
        }
    }
}
