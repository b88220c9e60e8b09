import Cache
import Commands
import EventLog
import Foundation
import LocalStack
import Projector
import Synchronization
import Testing

@Suite("End to end: what dies in between")
struct InterruptionTests {
    private final class Flag: Sendable {
        private let state = Mutex(false)
        var isSet: Bool { state.withLock { $0 } }
        func set() { state.withLock { $0 = true } }
    }

    /// Stops a projector at a point, once, until it is killed.
    private final class Trap: Sendable {
        private let sprung = Mutex(false)
        private let armed = Mutex(false)

        var isSprung: Bool { sprung.withLock { $0 } }
        func arm() { armed.withLock { $0 = true } }

        func pass() async {
            guard
                armed.withLock({ armed in
                    defer { armed = false }
                    return armed
                })
            else { return }
            sprung.withLock { $0 = true }
            try? await Task.sleep(for: .seconds(600))
        }
    }

    @Test(
        "A projector killed after the commit, before the invalidation or before the acknowledgement: nothing twice, nothing stale",
        arguments: [true, false])
    func killed(beforeInvalidation: Bool) async throws {
        let cluster = try await TestCluster(partitions: 1)
        let trap = Trap()
        var hooks = ProjectorHooks()
        if beforeInvalidation {
            hooks.afterCommit = { await trap.pass() }
        } else {
            hooks.afterInvalidation = { await trap.pass() }
        }
        try await cluster.withGateway { gateway in
            let victim = TestProjector(cluster, hooks: hooks)
            #expect(try await gateway.put("k", "old", ["Prefer": "wait=20"]).status == 201)
            #expect(try await gateway.get("k").text == "old")
            try await eventually("cached", state: { try await gateway.get("k").headers["cache-status"] }) {
                $0 == "tidemark; hit"
            }

            trap.arm()
            let accepted = try await gateway.put("k", "new")
            #expect(accepted.status == 202)
            try await eventually("projector stopped", state: { trap.isSprung }) { $0 }
            await victim.kill()

            try await cluster.withProjector { _ in
                let mine = try await gateway.get("k", ["Tidemark-Session": accepted.session, "Prefer": "wait=20"])
                #expect(mine.text == "new", "\(mine)")
                try await eventually("nothing stale", state: { try await gateway.get("k").text }) { $0 == "new" }
                #expect(try await gateway.history("k").count == 2, "applied once")
                #expect(try await gateway.put("k", "last", ["Prefer": "wait=20"]).status == 200)
                #expect(try await gateway.history("k").count == 3)
            }
        }
    }

    @Test(
        "Two projectors share the partitions; one joins and one leaves under load, and every write is applied once, in order"
    )
    func handOver() async throws {
        let cluster = try await TestCluster(partitions: 4)
        try await cluster.withGateway { gateway in
            try await cluster.withProjector { first in
                let done = Flag()
                async let counted: Int =
                    try await withThrowingTaskGroup(of: Int.self) { group in
                        for writer in 0..<8 {
                            group.addTask {
                                var n = 0
                                while !done.isSet {
                                    let answer = try await gateway.put("w\(writer)", "\(n)")
                                    #expect(answer.status == 202, "\(answer)")
                                    n += 1
                                }
                                return n
                            }
                        }
                        var counts: [Int] = []
                        for try await count in group { counts.append(count) }
                        return counts.reduce(0, +)
                    }
                try await eventually("all owned", state: { await first.worker.owned.count }) { $0 == 4 }
                let second = TestProjector(cluster)
                try await eventually(
                    "shared", state: { (await first.worker.owned.count, await second.worker.owned.count) }
                ) { $0 == (2, 2) }
                await second.close()
                try await eventually("taken back", state: { await first.worker.owned.count }) { $0 == 4 }
                done.set()
                let written = try await counted
                try await eventually("all applied", state: { try await gateway.total(of: 8) }) { $0 == written }
                for writer in 0..<8 {
                    let values = try await gateway.allValues("w\(writer)")
                    #expect(!values.isEmpty && values == Array(0..<values.count), "each once, in order")
                }
            }
        }
    }

    @Test("A full queue refuses with 503 and Retry-After, and takes writes again when it has drained")
    func fullQueue() async throws {
        let cluster = try await TestCluster(partitions: 1) { $0.queueMessages = 3 }
        try await cluster.withGateway { gateway in
            var accepted = 0
            var refused: HTTP.Answer?
            for n in 0..<200 where refused == nil {
                let answer = try await HTTP.send(.put, gateway.url + "/v1/kv/k\(n)", body: "x")
                if answer.status == 202 { accepted += 1 } else { refused = answer }
            }
            let answer = try #require(refused)
            #expect(answer.status == 503 && answer.headers["retry-after"] != nil, "\(answer)")
            #expect(answer.json["type"] as? String == "/problems/queue-full")
            try await cluster.withProjector { _ in
                try await eventually("accepted again", state: { try await gateway.put("later", "x").status }) {
                    $0 == 202
                }
                try await eventually("all applied", state: { try await gateway.keys("k") }) { $0 == accepted }
            }
        }
    }

    @Test("Redis goes away, loses its data and comes back: reads stay right, and are cached again")
    func redisLost() async throws {
        let directory = TestServers.directory.appendingPathComponent("redis-\(UUID().uuidString.prefix(8))")
        let redis = try await RedisServer.start(directory: directory)
        let cluster = try await TestCluster(partitions: 1, redisURL: redis.url)
        try await cluster.withProjector { _ in
            try await cluster.withGateway { gateway in
                #expect(try await gateway.put("k", "1", ["Prefer": "wait=20"]).status == 201)
                try await eventually("cached", state: { try await gateway.get("k").headers["cache-status"] }) {
                    $0 == "tidemark; hit"
                }
                await redis.kill()
                let put = try await gateway.put("k", "2", ["Prefer": "wait=20"])
                #expect(put.status == 200, "\(put)")
                let read = try await gateway.get("k", ["Tidemark-Session": put.session])
                #expect(read.text == "2", "\(read)")
                let files = try FileManager.default.contentsOfDirectory(atPath: directory.path)
                for snapshot in files where snapshot.hasSuffix(".rdb") {
                    try FileManager.default.removeItem(at: directory.appendingPathComponent(snapshot))
                }
                try await redis.start()
                try await eventually("cached again", state: { try await gateway.get("k").headers["cache-status"] }) {
                    $0 == "tidemark; hit"
                }
                #expect(try await gateway.get("k").text == "2")
            }
        }
        await redis.stop()
    }

    @Test("A message that is none of ours goes to the dead-letter queue, and its partition goes on")
    func undecodable() async throws {
        let cluster = try await TestCluster(partitions: 1)
        try await cluster.withGateway { gateway in
            #expect(try await gateway.put("before", "1").status == 202)
            for _ in 0..<2 { try await Garbage.publish("not protobuf", to: Partition(0), cluster.bus) }
            #expect(try await gateway.put("after", "1").status == 202)
            try await cluster.withProjector { _ in
                try await eventually("both applied", state: { try await gateway.keys("") }) { $0 == 2 }
                try await Garbage.publish("nor this", to: Partition(0), cluster.bus)
                #expect(try await gateway.put("last", "1", ["Prefer": "wait=20"]).status == 201)
                try await eventually("dead-lettered", state: { try await Garbage.deadLetters(cluster.bus) }) { $0 == 3 }
            }
        }
    }
}

extension TestGateway {
    /// The values that a key was given, in the order of the log.
    func allValues(_ key: String) async throws -> [Int] {
        var values: [Int] = []
        var after = 0
        while true {
            let page = try await HTTP.send(.get, url + "/v1/history/\(key)?values=true&limit=1000&after=\(after)").json
            let events = page["events"] as? [[String: Any]] ?? []
            values += events.compactMap { ($0["value"] as? String).flatMap { Int($0) } }
            guard let next = page["next"] as? Int ?? (page["next"] as? String).flatMap({ Int($0) }) else {
                return values
            }
            after = next
        }
    }

    func total(of writers: Int) async throws -> Int {
        var total = 0
        for writer in 0..<writers { total += try await allValues("w\(writer)").count }
        return total
    }

    func keys(_ prefix: String) async throws -> Int {
        let page = try await HTTP.send(.get, url + "/v1/kv?limit=1000&prefix=\(prefix)")
        return (page.json["items"] as? [Any])?.count ?? -1
    }
}
