import Commands
import Foundation
import LocalStack
import Logging
import Testing

@testable import Cache

@Suite("The cache and Sentinels")
struct CacheSentinelTests {
    /// A master, its replica and three Sentinels of a test's own.
    private struct Servers {
        let master: RedisServer
        let replica: RedisServer
        let sentinels: [SentinelServer]

        var url: String {
            "redis-sentinel://\(sentinels.map { "127.0.0.1:\($0.port)" }.joined(separator: ","))/tidemark"
        }

        static func with(_ body: (Servers) async throws -> Void) async throws {
            let directory = TestServers.directory.appendingPathComponent("sentinel-\(UUID().uuidString.prefix(8))")
            let master = try await RedisServer.start(directory: directory.appendingPathComponent("a"))
            var options = RedisServer.Options()
            options.replicaOf = master.port
            let replica = try await RedisServer.start(
                directory: directory.appendingPathComponent("b"), options: options)
            let sentinels = try (1...3).map { number in
                try SentinelServer(
                    directory: directory.appendingPathComponent("s\(number)"), masterPort: master.port,
                    downAfter: .seconds(1))
            }
            for sentinel in sentinels { try await sentinel.start() }
            do {
                let servers = Servers(master: master, replica: replica, sentinels: sentinels)
                try await servers.untilAllIsKnown()
                try await body(servers)
            } catch {
                await stop(sentinels + [master, replica])
                throw error
            }
            await stop(sentinels + [master, replica])
        }

        private static func stop(_ servers: [any Server]) async {
            for server in servers {
                server.resume()
                await server.kill()
                await server.stop()
            }
        }

        /// Until each Sentinel knows the replica and the other Sentinels: before that none can be voted in.
        private func untilAllIsKnown() async throws {
            for sentinel in sentinels {
                try await CacheBench.eventually("a Sentinel knows all") {
                    let words = try await Self.command(sentinel.port, "SENTINEL", "MASTER", "tidemark")
                        .split(separator: "\n").map(String.init)
                    func value(_ name: String) -> String? {
                        words.firstIndex(of: name).map { words[$0 + 1] }
                    }
                    return value("num-slaves") == "1" && value("num-other-sentinels") == "2"
                }
            }
        }

        static func command(_ port: Int, _ words: String...) async throws -> String {
            let client = try ExecutableFinder.find("redis-cli", package: "redis-tools")
            return try await OneShot.run(client, ["-p", "\(port)"] + words, in: TestServers.directory)
        }
    }

    @Test("A master that is replaced is left when the Sentinels announce it, while it still takes itself for one")
    func announced() async throws {
        try await Servers.with { servers in
            let lane = Self.lane(servers.url)
            #expect(await lane.waitUntilConnected(timeout: .seconds(5)))
            #expect(try await Self.port(lane) == servers.master.port)
            _ = try await Servers.command(servers.sentinels[1].port, "SENTINEL", "FAILOVER", "tidemark")
            try await CacheBench.eventually("the new master") {
                (try? await Self.port(lane)) == servers.replica.port
            }
            let role = try await Servers.command(servers.master.port, "ROLE")
            #expect(role.hasPrefix("master"), "asking for the role would not have shown it: \(role)")
            await lane.close()
        }
    }

    @Test(
        "A master that dies is replaced; a Sentinel that hangs is passed over, and nobody waits longer than the timeouts"
    )
    func dies() async throws {
        try await Servers.with { servers in
            // With the first one hung there are still two to vote.
            servers.sentinels[0].pause()
            let lane = Self.lane(servers.url)
            #expect(await lane.waitUntilConnected(timeout: .seconds(5)))
            await servers.master.kill()
            var slowest = Duration.zero
            try await CacheBench.eventually("the new master", within: .seconds(30)) {
                let began = ContinuousClock.now
                let port = try? await Self.port(lane)
                slowest = max(slowest, ContinuousClock.now - began)
                return port == servers.replica.port
            }
            #expect(slowest < .milliseconds(1_500), "connecting to a Sentinel or a Redis takes no longer")
            await lane.close()
        }
    }

    @Test("A promoted replica that misses writes is repaired: sessions never see it, and soon nobody does")
    func repaired() async throws {
        let directory = TestServers.directory.appendingPathComponent("lagging-\(UUID().uuidString.prefix(8))")
        let master = try await RedisServer.start(directory: directory.appendingPathComponent("a"))
        var options = RedisServer.Options()
        options.replicaOf = master.port
        let replica = try await RedisServer.start(directory: directory.appendingPathComponent("b"), options: options)
        let cluster = try await TestCluster(partitions: 1, redisURL: "\(master.url),127.0.0.1:\(replica.port)")
        try await cluster.withProjector { _ in
            try await cluster.withGateway { gateway in
                #expect(try await gateway.put("k", "1", ["Prefer": "wait=20"]).status == 201)
                try await eventually("cached", state: { try await gateway.get("k").headers["cache-status"] }) {
                    $0 == "tidemark; hit"
                }
                // From here on it keeps what it has: the entry, the vector, and the heartbeat for some seconds.
                try await eventually(
                    "replicated",
                    state: {
                        (
                            try await Servers.command(master.port, "DBSIZE"),
                            try await Servers.command(replica.port, "DBSIZE")
                        )
                    }
                ) { $0.0 == $0.1 }
                _ = try await Servers.command(replica.port, "REPLICAOF", "NO", "ONE")
                let put = try await gateway.put("k", "2", ["Prefer": "wait=20"])
                #expect(put.status == 200)
                await master.kill()
                try await eventually("the replica is used", state: { gateway.cache.isConnected }) { $0 }
                for _ in 0..<50 {
                    let mine = try await gateway.get("k", ["Tidemark-Session": put.session, "Prefer": "wait=20"])
                    #expect(mine.text == "2", "\(mine)")
                }
                try await eventually(
                    "repaired and cached", state: { try await gateway.get("k") }
                ) { $0.text == "2" && $0.headers["cache-status"] == "tidemark; hit" }
                for _ in 0..<50 { #expect(try await gateway.get("k").text == "2") }
            }
        }
        await replica.kill()
        await master.kill()
    }

    private static func lane(_ url: String) -> RedisLane {
        RedisLane(
            RedisConfiguration(url: try! RedisURL(url)), preamble: [], metrics: CacheMetrics(),
            logger: TestCluster.quiet)
    }

    /// Of the server at the other end.
    private static func port(_ lane: RedisLane) async throws -> Int? {
        try await lane.send(RESPCommand.words("CONFIG", "GET", "port")).elements?.last?.text.flatMap { Int($0) }
    }
}
