package import Cache
package import Commands
package import EventLog
package import NIOCore
package import Prometheus

/// The gateway's use cases over the real parts.
package struct GatewayService: GatewayUseCases {
    private let bus: any CommandBus
    private let cache: any ReadCache
    private let log: any LogReader
    private let issuer: CommandIDIssuer
    private let partitioner: Partitioner
    private let writer: Writer
    private let reader: Reader
    private let registry: PrometheusRegistry
    private let tail: ChangeTail
    package let sessions: SessionTokenCodec
    package let positions: FeedPositionCodec

    package init(
        cluster: ClusterDescription, bus: any CommandBus, cache: any ReadCache, log: any LogReader,
        outcomes: OutcomeRegistry, registry: PrometheusRegistry, feeds: FeedLimits = FeedLimits(),
        clock: any WallClock = SystemWallClock()
    ) {
        self.bus = bus
        self.cache = cache
        self.log = log
        self.registry = registry
        issuer = CommandIDIssuer(secret: cluster.secret)
        partitioner = cluster.partitioner
        writer = Writer(
            bus: bus, issuer: issuer, partitioner: partitioner, outcomes: outcomes, log: log, clock: clock)
        reader = Reader(cache: cache, log: log, writer: writer, partitioner: partitioner, clock: clock)
        tail = ChangeTail(log: log, limits: feeds)
        sessions = SessionTokenCodec(clusterTag: cluster.tag, partitions: cluster.partitioner.count)
        positions = FeedPositionCodec(clusterTag: cluster.tag, partitions: cluster.partitioner.count)
    }

    package func partition(of key: Key) -> Partition { partitioner.partition(of: key) }

    package func write(_ request: WriteRequest) async throws(GatewayError) -> WriteResult {
        try await writer.write(request)
    }

    package func write(_ requests: [WriteRequest]) async -> [Result<WriteResult, GatewayError>] {
        await writer.write(requests)
    }

    package func read(_ request: ReadRequest) async throws(GatewayError) -> ReadResult {
        try await reader.read(request)
    }

    package func reach(_ token: SessionToken, wait: Duration) async throws(GatewayError) -> SessionToken {
        try await reader.reach(token, wait: wait)
    }

    package func fold(_ token: SessionToken) async -> SessionToken { await reader.fold(token) }

    package func event(of key: Key, at point: PointInTime) async throws(GatewayError) -> Event? {
        try await asking { () throws(EventLogError) in
            try await log.event(of: key, in: partition(of: key), at: point)
        }
    }

    package func list(
        prefix: String, after: Key?, limit: Int, valueBytes: Int?
    ) async throws(GatewayError) -> [ListedValue] {
        try await asking { () throws(EventLogError) in
            try await log.list(prefix: prefix, after: after, limit: limit, valueBytes: valueBytes)
        }
    }

    package func history(
        of key: Key, after: UInt64, limit: Int, valueBytes: Int?
    ) async throws(GatewayError) -> [Event] {
        try await asking { () throws(EventLogError) in
            try await log.history(of: key, in: partition(of: key), after: after, limit: limit, valueBytes: valueBytes)
        }
    }

    package func changes(_ request: ChangeRequest) async throws(ChangeRefusal) -> ChangeFeed {
        try await ChangeFeed(request, tail: tail)
    }

    /// Change feeds that are being served.
    package var openFeeds: Int { tail.openFeeds }

    package func status(of id: CommandID) async throws(GatewayError) -> CommandStatus {
        guard issuer.couldHaveIssued(id) else { return .neverIssued }
        let found = try await asking { () throws(EventLogError) in try await log.command(id) }
        return found.map { .ended($0.key, $0.record.outcome) } ?? .pending
    }

    /// Ready means that writes are accepted and reads can be answered: the cache may be away, it only costs time.
    package func health(verbose: Bool) async -> HealthReport {
        let probe = Key(trusted: "tidemark")
        let partition = partition(of: probe)
        async let database = failure { _ = try await log.read(probe, in: partition, origins: []) }
        async let cached = failure { _ = try await cache.lookUp(probe, in: partition) }
        return HealthReport(checks: [
            HealthReport.Check(
                name: "broker", ok: bus.isReady, required: true, detail: bus.isReady ? "connected" : "not connected"),
            HealthReport.Check(
                name: "database", ok: await database == nil, required: true, detail: await database ?? "answers"),
            HealthReport.Check(
                name: "cache", ok: await cached == nil, required: false,
                detail: await cached ?? "answers"),
        ])
    }

    /// Returns as soon as the gateway is ready, or when the time is over: then it serves what it can.
    package func becomesReady(within limit: Duration) async {
        let deadline = ContinuousClock.now + limit
        while await !health(verbose: false).isReady, ContinuousClock.now < deadline {
            try? await Task.sleep(for: .milliseconds(20))
        }
    }

    package func exposition() async -> (contentType: String, body: ByteBuffer) {
        (PrometheusRegistry.contentType, ByteBuffer(bytes: registry.exposition()))
    }

    private func failure(_ probe: () async throws -> Void) async -> String? {
        do {
            try await probe()
            return nil
        } catch let error as EventLogError {
            return error.message
        } catch let error as CacheError {
            return error.message
        } catch {
            return "failed"
        }
    }

    private func asking<Value: Sendable>(
        _ question: () async throws(EventLogError) -> Value
    ) async throws(GatewayError) -> Value {
        do {
            return try await question()
        } catch {
            throw GatewayError(error)
        }
    }
}
