package import Cache
package import Commands
package import EventLog
package import Logging
import Metrics
package import ServiceLifecycle

/// Looks for what must not be: reads through the cache that are older than promised, or of another value than the log's.
///
/// Each round it asks the log for keys that changed lately in this projector's partitions, waits for as long as an eventual read
/// may be behind, and reads them through the cache as a gateway does. What the log had then, the cache must have now: no
/// clock but the waiting's is trusted. It fills nothing: what nobody reads is not cached, and can't be read stale.
package struct StalenessAuditor: Service {
    package struct Settings: Sendable {
        /// On average.
        package var readsPerSecond = 10
        /// How long a read may be behind the log: the heartbeat's life, and a gateway's patience with Redis.
        package var promise: Duration = .seconds(4)
        /// Keys are taken from so many of a partition's last events.
        package var recentEvents: UInt64 = 1_000

        package init() {}
    }

    private let settings: Settings
    private let owned: @Sendable () async -> [Partition]
    private let log: any LogReader
    private let cache: any ReadCache
    private let clock: any WallClock
    private let logger: Logger
    private let reads = Dictionary(
        uniqueKeysWithValues: CachedRead.allCases.map {
            ($0, Counter(label: "tidemark_staleness_reads_total", dimensions: [("outcome", $0.rawValue)]))
        })
    /// At least, for the key may have changed more than once.
    private let age = Metrics.Timer(label: "tidemark_staleness_age_seconds")

    package init(
        _ settings: Settings, owned: @escaping @Sendable () async -> [Partition], log: any LogReader,
        cache: any ReadCache, clock: any WallClock = SystemWallClock(), logger: Logger
    ) {
        self.settings = settings
        self.owned = owned
        self.log = log
        self.cache = cache
        self.clock = clock
        self.logger = logger
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                let began = ContinuousClock.now
                // While the database is away there is nothing to compare with.
                _ = try? await audit()
                try? await Task.sleep(until: began + settings.promise)
            }
        }
    }

    /// One round.
    ///
    /// - Returns: what each read was worth.
    package func audit() async throws -> [Key: CachedRead] {
        let states = try await sample()
        try await Task.sleep(for: settings.promise)
        return await withTaskGroup(of: (Key, CachedRead).self) { group in
            for state in states { group.addTask { (state.key, await check(state)) } }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
    }

    private func check(_ state: LoggedState) async -> CachedRead {
        let time = clock.now()
        let lookup = try? await cache.lookUp(state.key, in: state.partition)
        guard case .hit(let entry)? = lookup else {
            let worth: CachedRead = if case .miss? = lookup { .uncached } else { .failed }
            reads[worth]?.increment()
            return worth
        }
        let worth = state.judge(entry, at: time)
        reads[worth]?.increment()
        if worth == .stale || worth == .wrong {
            let behind = max(.zero, time - state.modifiedAt)
            if worth == .stale { age.record(duration: behind) }
            logger.error(
                "the cache shows what it must not",
                metadata: [
                    "staleness": "\(worth.rawValue)", "partition": "\(state.partition)",
                    "cache.version": "\(entry.state.version)", "behind.seconds": "\(behind / .seconds(1))",
                ])
        }
        return worth
    }

    private func sample() async throws -> [LoggedState] {
        let owned = Set(await owned())
        let extents = try await log.extents().filter { owned.contains($0.partition) && $0.sequence >= $0.retainedFrom }
        guard !extents.isEmpty else { return [] }
        let reads = settings.promise / .seconds(1) * Double(settings.readsPerSecond) / Double(extents.count)
        return try await withThrowingTaskGroup(of: [LoggedState].self) { group in
            for extent in extents { group.addTask { try await sample(UInt64(max(1, reads.rounded())), of: extent) } }
            return try await group.reduce(into: []) { $0 += $1 }
        }
    }

    /// What the log says of the keys of so many consecutive events, somewhere among the last ones.
    private func sample(_ count: UInt64, of extent: LogExtent) async throws -> [LoggedState] {
        let first = max(extent.retainedFrom, extent.sequence - min(extent.sequence - 1, settings.recentEvents))
        let last = max(first, extent.sequence - min(extent.sequence - 1, count - 1))
        let after = UInt64.random(in: first...last) - 1
        let page = try await log.changes(
            in: extent.partition, after: after, through: min(extent.sequence, after + count), prefix: "",
            valueBytes: nil)
        let keys = Set((page?.events ?? []).filter(\.kind.changesState).map(\.key))
        return try await withThrowingTaskGroup(of: LoggedState?.self) { group in
            for key in keys {
                group.addTask {
                    try await log.read(key, in: extent.partition, origins: []).value.map {
                        LoggedState($0, of: key, in: extent.partition)
                    }
                }
            }
            return try await group.reduce(into: []) { if let state = $1 { $0.append(state) } }
        }
    }
}
