import Commands
import EventLog
import LocalStack
import NIOCore
import Testing

@testable import Cache

@Suite struct CacheReadingTests {
    @Test(
        "Without an owner's heartbeat a partition is neither used nor filled; with one it is, and again not when it expires"
    )
    func heartbeat() async throws {
        try await CacheBench.with(heartbeat: .milliseconds(300)) { bench async throws in
            #expect(try await bench.cached("k", through: bench.first) == "unusable")
            let position = CachePosition(epoch: 1, incarnation: "g1-a", sequence: 0)
            #expect(try await bench.owner.establish(CacheBench.partition, at: position, applied: [:]) == .done)
            #expect(try await bench.cached("k", through: bench.first) == "miss")
            try await CacheBench.eventually("the heartbeat has expired") {
                try await bench.cached("k", through: bench.first) == "unusable"
            }
        }
    }

    @Test("What one gateway fills, the other hits; absence has entries too")
    func fillAndHit() async throws {
        try await CacheBench.with { bench async throws in
            let maintainer = bench.maintainer()
            await maintainer.start()
            await bench.write("k", "v1", maintainer)
            #expect(try await bench.read("k", through: bench.first) == "v1")
            #expect(try await bench.cached("k", through: bench.second) == "v1")
            #expect(try await bench.read("never", through: bench.second) == nil)
            #expect(try await bench.cached("never", through: bench.first) == "absent")
            await bench.write("never", "now", maintainer)
            #expect(try await bench.cached("never", through: bench.first) == "miss")
            await maintainer.stop()
        }
    }

    @Test("Of two gateways that miss one gets the lease, and the other what it filled")
    func oneLease() async throws {
        try await CacheBench.with { bench async throws in
            let maintainer = bench.maintainer()
            await maintainer.start()
            await bench.write("k", "v", maintainer)
            let lease = try await bench.lease("k", through: bench.first)
            guard case .miss(let slot) = try await bench.second.lookUp(Key(trusted: "k"), in: CacheBench.partition),
                case .held = try await bench.second.takeLease(on: slot)
            else { throw CacheTestFailure("a second lease") }
            #expect(try await bench.first.fill(lease, with: bench.log.entry("k")))
            guard case .filled(let entry) = try await bench.second.takeLease(on: slot) else {
                throw CacheTestFailure("not filled")
            }
            #expect(entry == bench.log.entry("k"))
            #expect(try await !bench.first.fill(lease, with: bench.log.entry("k")))
            await maintainer.stop()
        }
    }

    @Test("A fill that an invalidation overtook is refused", arguments: [false, true])
    func slowFill(leasedAgain: Bool) async throws {
        try await CacheBench.with { bench async throws in
            let maintainer = bench.maintainer()
            await maintainer.start()
            await bench.write("k", "old", maintainer)
            let lease = try await bench.lease("k", through: bench.first)
            let old = bench.log.entry("k")
            await bench.write("k", "new", maintainer)
            if leasedAgain { _ = try await bench.lease("k", through: bench.second) }
            #expect(try await !bench.first.fill(lease, with: old))
            #expect(try await bench.cached("k", through: bench.first) == "miss")
            await maintainer.stop()
        }
    }

    @Test("A fill is refused when its lease was evicted or has run out")
    func evictedLease() async throws {
        try await CacheBench.with { bench async throws in
            let maintainer = bench.maintainer()
            await maintainer.start()
            await bench.write("k", "v", maintainer)
            let lease = try await bench.lease("k", through: bench.first)
            guard case .integer(let left) = try await bench.raw("PTTL", lease.slot.name) else {
                throw CacheTestFailure("PTTL")
            }
            #expect((1...3_000).contains(left))
            try await bench.raw("DEL", lease.slot.name)
            #expect(try await !bench.first.fill(lease, with: bench.log.entry("k")))
            await maintainer.stop()
        }
    }

    @Test("What can't be decoded is a miss, and the next lease clears it away")
    func undecodable() async throws {
        try await CacheBench.with { bench async throws in
            let maintainer = bench.maintainer()
            await maintainer.start()
            await bench.write("k", "v", maintainer)
            guard case .miss(let slot) = try await bench.first.lookUp(Key(trusted: "k"), in: CacheBench.partition)
            else {
                throw CacheTestFailure("no miss")
            }
            try await bench.raw("SET", slot.name, "garbage")
            #expect(try await bench.read("k", through: bench.first) == "v")
            #expect(try await bench.cached("k", through: bench.second) == "v")
            await maintainer.stop()
        }
    }

    @Test("A value past its expiry is absent at once, and its entry goes with it")
    func expiry() async throws {
        try await CacheBench.with { bench async throws in
            let maintainer = bench.maintainer()
            await maintainer.start()
            let lease = try await bench.lease("k", through: bench.first)
            var entry = bench.log.entry("k")
            entry.state = KeyState(
                version: 4, createdVersion: 4, deleted: false, expiresAt: bench.clock.now() + .seconds(60))
            entry.value = ByteBuffer(string: "short-lived")
            #expect(try await bench.first.fill(lease, with: entry))
            guard case .integer(let left) = try await bench.raw("PTTL", lease.slot.name) else {
                throw CacheTestFailure("PTTL")
            }
            #expect((50_000...60_000).contains(left))
            #expect(try await bench.cached("k", through: bench.second) == "short-lived")
            bench.clock.advance(by: .seconds(60))
            guard case .hit(let seen) = try await bench.second.lookUp(Key(trusted: "k"), in: CacheBench.partition)
            else {
                throw CacheTestFailure("no hit")
            }
            #expect(seen.state.deleted && seen.state.version == 4 && seen.value.readableBytes == 0)
            await maintainer.stop()
        }
    }

    @Test("An entry over the limit is not cached")
    func tooLarge() async throws {
        try await CacheBench.with { bench async throws in
            let maintainer = bench.maintainer()
            await maintainer.start()
            var entry = bench.log.entry("k")
            entry.state.deleted = false
            for (bytes, stored) in [(256 * 1_024, false), (255 * 1_024, true)] {
                try await CacheBench.eventually("the lease is free") {
                    guard
                        case .miss(let slot) = try await bench.first.lookUp(Key(trusted: "k"), in: CacheBench.partition),
                        case .granted(let lease) = try await bench.first.takeLease(on: slot)
                    else { return false }
                    entry.value = ByteBuffer(repeating: 7, count: bytes)
                    #expect(try await bench.first.fill(lease, with: entry) == stored)
                    return true
                }
            }
            guard case .hit(let hit) = try await bench.second.lookUp(Key(trusted: "k"), in: CacheBench.partition) else {
                throw CacheTestFailure("no hit")
            }
            #expect(hit.value == entry.value)
            await maintainer.stop()
        }
    }

    @Test("A session's look-up brings the vector of the origins it asks for, and is never newer than the entry")
    func session() async throws {
        try await CacheBench.with { bench async throws in
            let key = Key(trusted: "k")
            let absent = try await bench.first.lookUp(key, in: CacheBench.partition, origins: [Origin(1)])
            #expect(absent.vector == nil)
            let maintainer = bench.maintainer()
            await maintainer.start()
            await bench.write("k", "a", maintainer, origin: Origin(1))
            await bench.write("k", "b", maintainer, origin: Origin(.max))
            await bench.write("k", "c", maintainer, origin: Origin(1))
            let origins = [Origin(1), Origin(2), Origin(.max)]
            let (vector, lookup) = try await bench.first.lookUp(key, in: CacheBench.partition, origins: origins)
            #expect(vector == VersionVector(sequence: 3, applied: [Origin(1): 2, Origin(.max): 1]))
            guard case .miss = lookup else { throw CacheTestFailure("\(lookup)") }
            #expect(try await bench.read("k", through: bench.first) == "c")
            let again = try await bench.second.lookUp(key, in: CacheBench.partition, origins: [])
            #expect(again.vector == VersionVector(sequence: 3))
            guard case .hit(let entry) = again.lookup else { throw CacheTestFailure("\(again.lookup)") }
            #expect(entry.text == "c")
            await maintainer.stop()
        }
    }

    @Test("Gateways follow a partition to its new incarnation, and what was filled in the old one is gone")
    func incarnationChange() async throws {
        try await CacheBench.with { bench async throws in
            let maintainer = bench.maintainer()
            await maintainer.start()
            await bench.write("k", "v", maintainer)
            #expect(try await bench.read("k", through: bench.first) == "v")
            let lease = try await bench.lease("other", through: bench.second)
            await maintainer.stop()
            let next = bench.maintainer(epoch: 2, generation: 2)
            await next.start()
            #expect(next.isFollowing)
            #expect(try await bench.second.fill(lease, with: bench.log.entry("other")))
            #expect(try await bench.cached("k", through: bench.first) == "miss")
            #expect(try await bench.cached("other", through: bench.first) == "miss")
            #expect(try await bench.read("k", through: bench.second) == "v")
            #expect(try await bench.cached("k", through: bench.first) == "v")
            await next.stop()
        }
    }

    @Test("After SCRIPT FLUSH scripts still run")
    func forgottenScripts() async throws {
        try await CacheTestRedis.withOwnServer { server async throws in
            try await CacheBench.with(try RedisURL(server.url)) { bench async throws in
                let maintainer = bench.maintainer()
                await maintainer.start()
                #expect(maintainer.isFollowing)
                _ = try await bench.redis.send(RESPCommand.words("SCRIPT", "FLUSH"))
                await bench.write("k", "v", maintainer)
                #expect(maintainer.isFollowing)
                #expect(try await bench.read("k", through: bench.first) == "v")
                #expect(try await bench.cached("k", through: bench.first) == "v")
                await maintainer.stop()
            }
        }
    }
}

extension RESPCommand {
    static func words(_ first: StaticString, _ rest: String...) -> RESPCommand {
        var command = RESPCommand(first, arguments: 1 + rest.count)
        for word in rest { command.add(word) }
        return command
    }
}
