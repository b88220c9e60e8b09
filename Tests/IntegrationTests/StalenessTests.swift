import Commands
import EventLog
import Foundation
import NIOCore
import Projector
import Testing

@testable import Cache

@Suite("Staleness auditor on real servers") struct StalenessTests {
    /// Runs a round until it has read the key; others may be sampled first.
    private func audit(_ key: String, _ auditor: StalenessAuditor) async throws -> CachedRead {
        var read: CachedRead?
        let key = Key(trusted: key)
        try await eventually("\(key) audited", state: { read = try await auditor.audit()[key] }) { _ in read != nil }
        return try #require(read)
    }

    @Test("An entry that was brought back, or changed, is found; one that is right, or can't be had, is not reported")
    func corrupted() async throws {
        let cluster = try await TestCluster(partitions: 1)
        let partitioner = cluster.description.partitioner
        let log = PostgresLogReader(cluster.database, partitioner: partitioner, connections: 1)
        let cache = RedisCache(cluster.redis, partitioner: partitioner, logger: TestCluster.quiet)
        let redis = RedisLane(cluster.redis, preamble: [], metrics: CacheMetrics(), logger: TestCluster.quiet)
        var settings = StalenessAuditor.Settings()
        settings.promise = .milliseconds(300)
        settings.readsPerSecond = 100
        try await cluster.withProjector { projector in
            let auditor = StalenessAuditor(
                settings, owned: { await projector.worker.owned }, log: log, cache: cache, logger: TestCluster.quiet)
            try await cluster.withGateway { gateway in
                _ = try await gateway.put("k", "old", ["Prefer": "wait=20"])
                #expect(try await audit("k", auditor) == .uncached)

                #expect(try await gateway.get("k").text == "old")
                #expect(try await audit("k", auditor) == .fresh)
                let slot = try #require(
                    try await redis.send(RESPCommand.words("KEYS", "\(cluster.name):*:k")).elements?.first?.text)
                let old = try #require(try await redis.send(RESPCommand.words("GET", slot)).bytes)

                _ = try await gateway.put("k", "new", ["Prefer": "wait=20"])
                #expect(try await gateway.get("k").text == "new")
                #expect(try await audit("k", auditor) == .fresh)

                _ = try await redis.send(RESPCommand.set(slot, to: old))
                #expect(try await gateway.get("k").text == "old", "the gateway is fooled")
                #expect(try await audit("k", auditor) == .stale)

                _ = try await redis.send(RESPCommand.words("DEL", slot))
                #expect(try await gateway.get("k").text == "new")
                var other = try #require(try await redis.send(RESPCommand.words("GET", slot)).bytes)
                other.setBytes("NEW".utf8, at: other.writerIndex - 3)
                _ = try await redis.send(RESPCommand.set(slot, to: other))
                #expect(try await gateway.get("k").text == "NEW", "the gateway is fooled")
                #expect(try await audit("k", auditor) == .wrong)

                await cache.close()
                #expect(try await audit("k", auditor) == .failed)
            }
        }
        await redis.close()
        await log.close()
    }
}

extension RESPCommand {
    static func set(_ name: String, to bytes: ByteBuffer) -> RESPCommand {
        var command = RESPCommand("SET", arguments: 3)
        command.add(name)
        command.add(Array(bytes.readableBytesView))
        return command
    }
}
