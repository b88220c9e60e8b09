import Commands
import EventLog
import Foundation
import LocalStack
import Logging
import NIOCore
import Synchronization
import Testing

@testable import Cache

/// The Redis that cache tests share, each under its own namespace, or one of a test's own.
enum CacheTestRedis {
    static func sharedURL() async throws -> RedisURL { try RedisURL(try await TestServers.redis.value.url) }

    /// Lends a server that the test may flush, stop and kill.
    static func withOwnServer(_ body: (RedisServer) async throws -> Void) async throws {
        let directory = directory()
        let server = try await RedisServer.start(directory: directory)
        do {
            try await body(server)
        } catch {
            await server.stop()
            throw error
        }
        await server.stop()
        try? FileManager.default.removeItem(at: directory)
    }

    private static func directory() -> URL {
        TestServers.directory.appendingPathComponent("redis-\(UUID().uuidString)")
    }
}

/// One partition with a log in memory, its caches, and a raw connection beside them.
struct CacheBench {
    static let partition = Partition(0)
    let configuration: RedisConfiguration
    let log = CacheTestLog()
    let clock = CacheTestClock()
    /// Two gateways' caches, and the projector's.
    let first: RedisCache
    let second: RedisCache
    let owner: RedisCache
    let redis: RedisLane
    var names: CacheNames { owner.names }

    private init(_ url: RedisURL, heartbeat: Duration) {
        var configuration = RedisConfiguration(url: url)
        configuration.namespace = "test-\(UInt64.random(in: .min ... .max))"
        configuration.heartbeatTimeToLive = heartbeat
        self.configuration = configuration
        let clock = clock
        func cache() -> RedisCache {
            RedisCache(configuration, partitioner: Partitioner(count: 1), clock: clock, logger: Self.quiet)
        }
        first = cache()
        second = cache()
        owner = cache()
        redis = RedisLane(configuration, preamble: [], metrics: CacheMetrics(), logger: Self.quiet)
    }

    static func with(
        _ url: RedisURL? = nil, heartbeat: Duration = .seconds(3), _ body: (CacheBench) async throws -> Void
    ) async throws {
        let shared = url == nil ? try await CacheTestRedis.sharedURL() : url!
        let bench = CacheBench(shared, heartbeat: heartbeat)
        try await bench.untilConnected()
        do {
            try await body(bench)
        } catch {
            await bench.close()
            throw error
        }
        await bench.close()
    }

    func untilConnected() async throws {
        try await CacheBench.eventually("all connected") {
            first.isConnected && second.isConnected && owner.isConnected && redis.isConnected
        }
    }

    private static let quiet: Logger = {
        var logger = Logger(label: "cache-tests")
        logger.logLevel = .critical
        return logger
    }()

    /// Polls until the condition holds; fails with the name of what was waited for.
    static func eventually(
        _ what: String, within limit: Duration = .seconds(10), _ condition: () async throws -> Bool
    ) async throws {
        let deadline = ContinuousClock.now + limit
        while try await !condition() {
            if ContinuousClock.now > deadline { throw CacheTestFailure("not within \(limit): \(what)") }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    private func close() async {
        for cache in [first, second, owner] { await cache.close() }
        await redis.close()
    }

    func maintainer(
        epoch: UInt64 = 1, generation: Int64 = 1, settings: CacheMaintainer.Settings = .init(),
        leaseStands: @escaping @Sendable () -> Bool = { true }
    ) -> CacheMaintainer {
        CacheMaintainer(
            partition: Self.partition, epoch: epoch, generation: generation, cache: owner, store: log,
            settings: settings,
            logger: Self.quiet, leaseStands: leaseStands)
    }

    /// Writes a value into the log and tells the maintainer, as a projector does.
    @discardableResult
    func write(_ key: String, _ value: String, _ maintainer: CacheMaintainer, origin: Origin = Origin(1)) async -> Bool
    {
        let commit = log.write(key, value, origin: origin)
        return await maintainer.committed(
            from: commit.from, to: commit.to, applied: commit.applied, changed: [Key(trusted: key)])
    }

    /// Reads as a gateway does: the cache, else the log with a fill.
    func read(_ key: String, through cache: RedisCache) async throws -> String? {
        switch try await cache.lookUp(Key(trusted: key), in: Self.partition) {
        case .hit(let entry): return entry.state.deleted ? nil : String(buffer: entry.value)
        case .unusable: return log.entry(key).text
        case .miss(let slot):
            if case .granted(let lease) = try await cache.takeLease(on: slot) {
                _ = try await cache.fill(lease, with: log.entry(key))
            }
            return log.entry(key).text
        }
    }

    func lease(_ key: String, through cache: RedisCache) async throws -> CacheLease {
        guard case .miss(let slot) = try await cache.lookUp(Key(trusted: key), in: Self.partition),
            case .granted(let lease) = try await cache.takeLease(on: slot)
        else { throw CacheTestFailure("no lease on \(key)") }
        return lease
    }

    func cached(_ key: String, through cache: RedisCache) async throws -> String {
        switch try await cache.lookUp(Key(trusted: key), in: Self.partition) {
        case .hit(let entry): entry.state.deleted ? "absent" : String(buffer: entry.value)
        case .miss: "miss"
        case .unusable: "unusable"
        }
    }

    @discardableResult
    func raw(_ words: String...) async throws -> RedisReply {
        var command = RESPCommand("EVAL", arguments: words.count + 3)
        command.add("return redis.call(unpack(ARGV))")
        command.add(0)
        for word in words { command.add(word) }
        let reply = try await redis.send(command)
        if case .error(let message) = reply { throw CacheTestFailure(message) }
        return reply
    }
}

struct CacheTestFailure: Error, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
}

extension CacheEntry {
    var text: String? { state.deleted ? nil : String(buffer: value) }
}

final class CacheTestClock: WallClock {
    private let time = Mutex(SystemWallClock().now())
    func now() -> Timestamp { time.withLock { $0 } }
    func advance(by duration: Duration) { time.withLock { $0 = $0 + duration } }
}

/// A partition's log in memory; it can be told to be unreachable.
final class CacheTestLog: EventStore {
    private struct State {
        var events: [(key: String, entry: CacheEntry)] = []
        var applied: [Origin: UInt64] = [:]
        var reachable = true
    }

    private let state = Mutex(State())

    var sequence: UInt64 { state.withLock { UInt64($0.events.count) } }
    func setReachable(_ reachable: Bool) { state.withLock { $0.reachable = reachable } }
    /// As after a restore of an older backup.
    func forget(after sequence: Int) { state.withLock { $0.events.removeSubrange(sequence...) } }

    func write(_ key: String, _ value: String?, origin: Origin) -> (from: UInt64, to: UInt64, applied: [Origin: UInt64])
    {
        state.withLock { state in
            let from = UInt64(state.events.count)
            let keyState = KeyState(version: from + 1, createdVersion: from + 1, deleted: value == nil, expiresAt: nil)
            let entry = CacheEntry(
                state: keyState, modifiedAt: Timestamp(microseconds: 1), contentType: Content.defaultType,
                value: ByteBuffer(string: value ?? ""))
            state.events.append((key, entry))
            state.applied[origin, default: 0] += 1
            return (from, from + 1, [origin: state.applied[origin]!])
        }
    }

    func entry(_ key: String) -> CacheEntry {
        state.withLock { state in
            state.events.last { $0.key == key }?.entry
                ?? CacheEntry(
                    state: KeyState(version: 0, createdVersion: 0, deleted: true, expiresAt: nil),
                    modifiedAt: Timestamp(microseconds: 0), contentType: Content.defaultType, value: ByteBuffer())
        }
    }

    func vector(of partition: Partition) async throws(EventLogError) -> VersionVector {
        try check()
        return state.withLock { VersionVector(sequence: UInt64($0.events.count), applied: $0.applied) }
    }

    func keysChanged(
        in partition: Partition, after sequence: UInt64, through: UInt64, limit: Int
    ) async throws(EventLogError) -> [Key]? {
        try check()
        return state.withLock { state in
            let events = state.events[Int(sequence)..<Int(through)]
            return events.count > limit ? nil : Set(events.map { Key(trusted: $0.key) }).sorted()
        }
    }

    func transact(
        _ read: BatchRead, decide: @escaping @Sendable (PartitionSnapshot) -> BatchDecision
    ) async throws(EventLogError) -> BatchWrite {
        throw EventLogError(.rejectedStatement, "This log is written by write(_:_:origin:).")
    }

    func forgetOrigins(
        in partition: Partition, silentSince time: Timestamp, limit: Int
    ) async throws(EventLogError) -> [Origin] { [] }

    func keysAwaitingExpiry(
        in partition: Partition, at time: Timestamp, limit: Int
    ) async throws(EventLogError) -> [Key] { [] }

    func claimDeadLetter(in partition: Partition) async throws(EventLogError) -> DeadLetter? { nil }

    func returnDeadLetter(_ id: CommandID, in partition: Partition, reason: String) async throws(EventLogError) {}

    private func check() throws(EventLogError) {
        if !state.withLock(\.reachable) { throw EventLogError(.unavailable, "The log is away.") }
    }
}
