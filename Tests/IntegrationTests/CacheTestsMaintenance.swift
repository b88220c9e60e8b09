import Commands
import EventLog
import LocalStack
import SplitMix
import Synchronization
import Testing

@testable import Cache

@Suite struct CacheMaintainerTests {
    @Test("An owner that takes over adopts the incarnation and invalidates what the one before it missed")
    func takeOver() async throws {
        try await CacheBench.with { bench async throws in
            let before = bench.maintainer(epoch: 1)
            await before.start()
            await bench.write("changed", "old", before)
            await bench.write("kept", "same", before)
            for key in ["changed", "kept"] { _ = try await bench.read(key, through: bench.first) }
            await before.stop()
            _ = bench.log.write("changed", "new", origin: Origin(1))  // committed, and then it died
            let incarnation = try #require(try await bench.owner.position(of: CacheBench.partition)?.incarnation)

            let after = bench.maintainer(epoch: 2)
            await after.start()
            #expect(after.isFollowing)
            #expect(
                try await bench.owner.position(of: CacheBench.partition)
                    == CachePosition(epoch: 2, incarnation: incarnation, sequence: 3))
            #expect(try await bench.cached("changed", through: bench.first) == "miss")
            #expect(try await bench.cached("kept", through: bench.first) == "same")
            await after.stop()
        }
    }

    @Test("Entries are dropped when the gap is too long, and when Redis is ahead of the log", arguments: [true, false])
    func drop(ahead: Bool) async throws {
        try await CacheBench.with { bench async throws in
            let before = bench.maintainer(epoch: 1)
            await before.start()
            for value in 0..<5 { await bench.write("k", "\(value)", before) }
            _ = try await bench.read("k", through: bench.first)
            await before.stop()
            if ahead {
                bench.log.forget(after: 3)
            } else {
                for value in 0..<5 { _ = bench.log.write("k", "later \(value)", origin: Origin(1)) }
            }
            var settings = CacheMaintainer.Settings()
            settings.replayLimit = 4
            let after = bench.maintainer(epoch: 2, settings: settings)
            await after.start()
            #expect(after.isFollowing)
            #expect(try await bench.cached("k", through: bench.first) == "miss")
            #expect(try await bench.owner.position(of: CacheBench.partition)?.sequence == bench.log.sequence)
            await after.stop()
        }
    }

    @Test("A zombie of an older epoch can change nothing, and learns that it is one")
    func zombie() async throws {
        try await CacheBench.with { bench async throws in
            let zombie = bench.maintainer(epoch: 1)
            await zombie.start()
            await bench.write("k", "v", zombie)
            let owner = bench.maintainer(epoch: 2)
            await owner.start()
            _ = try await bench.read("k", through: bench.first)
            let position = try #require(try await bench.owner.position(of: CacheBench.partition))
            var old = position
            old.epoch = 1
            let cache = bench.owner
            let p = CacheBench.partition
            #expect(try await cache.renew(p, at: old) == .fenced)
            #expect(try await cache.establish(p, at: old, applied: [:]) == .fenced)
            #expect(
                try await cache.advance(p, from: old, to: old, origins: .replacing([:]), changed: [Key(trusted: "k")])
                    == .fenced)
            #expect(try await cache.position(of: p) == position)
            #expect(try await bench.cached("k", through: bench.second) == "v")
            #expect(await bench.write("k", "zombie's", zombie))
            #expect(!zombie.isFollowing)
            await zombie.stop()
            await owner.stop()
        }
    }

    @Test(
        "An epoch is compared as a number, of any length",
        arguments: [(9, 10), (99, 100), (.max - 1, .max)] as [(UInt64, UInt64)])
    func epochOrder(older: UInt64, newer: UInt64) async throws {
        try await CacheBench.with { bench async throws in
            let p = CacheBench.partition
            func at(_ epoch: UInt64) -> CachePosition {
                CachePosition(epoch: epoch, incarnation: "g1-a", sequence: .max)
            }
            #expect(try await bench.owner.establish(p, at: at(newer), applied: [:]) == .done)
            #expect(try await bench.owner.establish(p, at: at(older), applied: [:]) == .fenced)
            #expect(try await bench.owner.renew(p, at: at(newer)) == .done)
            #expect(try await bench.owner.position(of: p) == at(newer))
        }
    }

    @Test("One script invalidates thousands of keys and sets a thousand origins")
    func manyKeys() async throws {
        try await CacheBench.with { bench async throws in
            let maintainer = bench.maintainer()
            await maintainer.start()
            let keys = (0..<20_000).map { Key(trusted: "key \($0)") }
            let some = [0, 1, 997, 998, 999, 1_000, 9_999, 19_998, 19_999].map { keys[$0] }
            for key in some { _ = try await bench.read(key.text, through: bench.first) }
            let from = try #require(try await bench.owner.position(of: CacheBench.partition))
            var to = from
            to.sequence = 1
            let applied = Dictionary(uniqueKeysWithValues: (0..<2_500).map { (Origin($0), $0 + 1) })
            #expect(
                try await bench.owner.advance(
                    CacheBench.partition, from: from, to: to, origins: .merging(applied), changed: keys) == .done)
            for key in some { #expect(try await bench.cached(key.text, through: bench.first) == "miss") }
            let origins = [0, 499, 500, 2_499].map { Origin($0) }
            let (vector, _) = try await bench.first.lookUp(some[0], in: CacheBench.partition, origins: origins)
            #expect(vector?.applied == applied.filter { origins.contains($0.key) })
            await maintainer.stop()
        }
    }

    @Test("Redis flushed between two commits: the entries are dropped, an old fill is refused, and it follows again")
    func flushed() async throws {
        try await CacheTestRedis.withOwnServer { server async throws in
            try await CacheBench.with(try RedisURL(server.url)) { bench async throws in
                let maintainer = bench.maintainer()
                await maintainer.start()
                await bench.write("k", "v1", maintainer)
                let lease = try await bench.lease("k", through: bench.first)
                let old = bench.log.entry("k")
                try await bench.raw("FLUSHALL")
                #expect(try await bench.cached("k", through: bench.first) == "unusable")
                await bench.write("k", "v2", maintainer)
                try await CacheBench.eventually("it follows") { maintainer.isFollowing }
                #expect(try await !bench.first.fill(lease, with: old))
                #expect(try await bench.read("k", through: bench.first) == "v2")
                #expect(try await bench.cached("k", through: bench.second) == "v2")
                await maintainer.stop()
            }
        }
    }

    @Test(
        "Redis went back to an older snapshot: what changed since is invalidated, without a commit, within a heartbeat")
    func wentBack() async throws {
        try await CacheBench.with { bench async throws in
            let maintainer = bench.maintainer()
            await maintainer.start()
            await bench.write("k", "v1", maintainer)
            _ = try await bench.read("k", through: bench.first)
            let entry = try #require(try await bench.raw("GET", bench.entryName("k")).text)
            await bench.write("k", "v2", maintainer)
            // The snapshot: the entry of before, and the vector of before.
            try await bench.raw("HSET", bench.names.vector(of: CacheBench.partition), "s", "1")
            try await bench.raw("SET", bench.entryName("k"), entry)
            #expect(try await bench.cached("k", through: bench.first) == "v1")
            try await CacheBench.eventually("the old entry is gone") {
                try await bench.cached("k", through: bench.first) == "miss"
            }
            try await CacheBench.eventually("it follows") { maintainer.isFollowing }
            #expect(try await bench.owner.position(of: CacheBench.partition)?.sequence == 2)
            await maintainer.stop()
        }
    }

    @Test("Redis that lost everything in a restart, and commits meanwhile", arguments: [false, true])
    func restart(keepsData: Bool) async throws {
        try await CacheTestRedis.withOwnServer { server async throws in
            try await CacheBench.with(try RedisURL(server.url)) { bench async throws in
                let maintainer = bench.maintainer()
                await maintainer.start()
                await bench.write("k", "v1", maintainer)
                await bench.write("kept", "v", maintainer)
                for key in ["k", "kept"] { _ = try await bench.read(key, through: bench.first) }
                if keepsData { _ = try await bench.redis.send(RESPCommand.words("SAVE")) }
                await server.kill()
                try await CacheBench.eventually("the loss is noticed") {
                    !bench.first.isConnected && !bench.redis.isConnected
                }
                let start = ContinuousClock.now
                for value in 2...50 { await bench.write("k", "v\(value)", maintainer) }
                #expect(ContinuousClock.now - start < .seconds(2))
                #expect(!maintainer.isFollowing)
                await #expect(throws: CacheError.self) { try await bench.cached("k", through: bench.first) }
                try await server.start()
                try await bench.untilConnected()
                await bench.write("k", "last", maintainer)
                try await CacheBench.eventually("it follows") { maintainer.isFollowing }
                #expect(try await bench.read("k", through: bench.first) == "last")
                #expect(try await bench.cached("k", through: bench.second) == "last")
                let (vector, _) = try await bench.first.lookUp(
                    Key(trusted: "k"), in: CacheBench.partition, origins: [Origin(1)])
                #expect(vector == VersionVector(sequence: bench.log.sequence, applied: [Origin(1): bench.log.sequence]))
                await maintainer.stop()
            }
        }
    }

    @Test("A Redis that hangs holds one commit up for a bounded time, and the next not at all")
    func hangs() async throws {
        try await CacheTestRedis.withOwnServer { server async throws in
            try await CacheBench.with(try RedisURL(server.url)) { bench async throws in
                var settings = CacheMaintainer.Settings()
                settings.patience = .milliseconds(400)
                let maintainer = bench.maintainer(settings: settings)
                await maintainer.start()
                await bench.write("k", "v1", maintainer)
                _ = try await bench.read("k", through: bench.first)
                server.pause()
                let clock = ContinuousClock()
                let held = await clock.measure { await bench.write("k", "v2", maintainer) }
                #expect(held < .milliseconds(900))
                let next = await clock.measure {
                    for value in 3...100 { await bench.write("k", "v\(value)", maintainer) }
                }
                #expect(next < .milliseconds(300))
                server.resume()
                try await CacheBench.eventually("it follows") { maintainer.isFollowing }
                try await bench.untilConnected()
                #expect(try await bench.owner.position(of: CacheBench.partition)?.sequence == bench.log.sequence)
                #expect(try await bench.read("k", through: bench.first) == "v100")
                #expect(try await bench.cached("k", through: bench.second) == "v100")
                await maintainer.stop()
            }
        }
    }

    @Test("While the lease doesn't surely stand, the heartbeat is left to expire")
    func leaseEnds() async throws {
        try await CacheBench.with(heartbeat: .milliseconds(400)) { bench async throws in
            let stands = Flag(true)
            var settings = CacheMaintainer.Settings()
            settings.heartbeatInterval = .milliseconds(50)
            let maintainer = bench.maintainer(settings: settings, leaseStands: { stands.value })
            await maintainer.start()
            let end = ContinuousClock.now + .milliseconds(900)
            while ContinuousClock.now < end {
                #expect(try await bench.cached("k", through: bench.first) != "unusable")
            }
            stands.set(false)
            try await CacheBench.eventually("unusable") {
                try await bench.cached("k", through: bench.first) == "unusable"
            }
            stands.set(true)
            try await CacheBench.eventually("usable") { try await bench.cached("k", through: bench.first) == "miss" }
            await maintainer.stop()
        }
    }

    @Test("The log can't be read at the take-over: commits go on, and it follows once it can")
    func logAway() async throws {
        try await CacheBench.with { bench async throws in
            let before = bench.maintainer(epoch: 1)
            await before.start()
            await bench.write("k", "v1", before)
            _ = try await bench.read("k", through: bench.first)
            await before.stop()
            bench.log.setReachable(false)
            var settings = CacheMaintainer.Settings()
            settings.patience = .milliseconds(100)
            let after = bench.maintainer(epoch: 2, settings: settings)
            await after.start()
            #expect(!after.isFollowing)
            await bench.write("k", "v2", after)
            #expect(!after.isFollowing)
            bench.log.setReachable(true)
            try await CacheBench.eventually("it follows") { after.isFollowing }
            #expect(try await bench.cached("k", through: bench.first) == "miss")
            await after.stop()
        }
    }

    @Test(
        "Writers, readers and lost data at once: in the end every reader sees the last write",
        arguments: [11, 12] as [UInt64])
    func storm(seed: UInt64) async throws {
        try await CacheTestRedis.withOwnServer { server async throws in
            try await CacheBench.with(try RedisURL(server.url)) { bench async throws in
                let maintainer = bench.maintainer()
                await maintainer.start()
                let keys = (0..<8).map { "k\($0)" }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        for value in 0..<400 { await bench.write(keys[value % keys.count], "v\(value)", maintainer) }
                    }
                    for cache in [bench.first, bench.second] {
                        group.addTask {
                            for round in 0..<600 {
                                _ = try? await bench.read(keys[(round * 7) % keys.count], through: cache)
                            }
                        }
                    }
                    group.addTask {
                        var random = SplitMix64(seed: seed)
                        for _ in 0..<6 {
                            try await Task.sleep(for: .milliseconds(Int(random.next() % 40)))
                            switch random.next() % 3 {
                            case 0: try await bench.raw("FLUSHALL")
                            case 1:
                                let names = bench.names
                                try await bench.raw("DEL", names.vector(of: CacheBench.partition))
                            default: try await bench.raw("DEL", bench.names.heartbeat(of: CacheBench.partition))
                            }
                        }
                    }
                    try await group.waitForAll()
                }
                let position = try await bench.owner.position(of: CacheBench.partition)
                if position?.sequence != bench.log.sequence { await bench.write("k0", "end", maintainer) }
                await maintainer.heartbeat()
                try await CacheBench.eventually("it follows") { maintainer.isFollowing }
                for key in keys {
                    for cache in [bench.first, bench.second] {
                        #expect(try await bench.read(key, through: cache) == bench.log.entry(key).text, "seed \(seed)")
                    }
                }
                await maintainer.stop()
            }
        }
    }
}

/// A flag that closures can share.
private final class Flag: Sendable {
    private let state: Mutex<Bool>
    init(_ value: Bool) { state = Mutex(value) }
    var value: Bool { state.withLock { $0 } }
    func set(_ value: Bool) { state.withLock { $0 = value } }
}

extension CacheBench {
    /// The name of the key's entry in the incarnation of now.
    func entryName(_ key: String) async throws -> String {
        guard let position = try await owner.position(of: Self.partition) else { throw CacheTestFailure("no position") }
        return names.entryPrefix(incarnation: position.incarnation) + key
    }
}
