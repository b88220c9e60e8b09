import Commands
import EventLog
import Foundation
import Gateway
import LocalStack
import Projector
import Synchronization
import Testing
import TidemarkClient

private final class Shared<Value: Sendable>: Sendable {
    private let state: Mutex<Value>

    init(_ value: Value) { state = Mutex(value) }

    var value: Value { state.withLock { $0 } }
    func set(_ value: Value) { state.withLock { $0 = value } }
}

@Suite("End to end: change feeds", .timeLimit(.minutes(3))) struct ChangeFeedTests {
    /// What the log itself holds, by partition.
    private func log(_ cluster: TestCluster, prefix: String = "") throws -> [[FeedClient.Change]] {
        let rows = try SQL(cluster.database.connectionString).run(
            "SELECT partition, key, seq, kind FROM events WHERE key LIKE '\(prefix)%' ORDER BY partition, seq")
        var log: [[FeedClient.Change]] = Array(repeating: [], count: cluster.description.partitioner.count)
        for row in rows { log[Int(row[0]!)!].append(.init(key: row[1]!, version: UInt64(row[2]!)!, kind: row[3]!)) }
        return log
    }

    private func byPartition(_ changes: [FeedClient.Change], _ cluster: TestCluster) -> [[FeedClient.Change]] {
        var sorted: [[FeedClient.Change]] = Array(repeating: [], count: cluster.description.partitioner.count)
        for change in changes {
            sorted[cluster.description.partitioner.partition(of: Key(trusted: change.key)).number].append(change)
        }
        return sorted
    }

    private static let impatient: FeedLimits = {
        var limits = FeedLimits()
        limits.heartbeat = .milliseconds(200)
        limits.patience = .seconds(1)
        return limits
    }()

    /// Reads a feed from the beginning, cut and resumed at some gateway again and again, until it has what is expected.
    private func watch(
        _ gateways: [TestGateway], prefix: String, until expected: @escaping @Sendable () -> Int?
    ) async throws -> [FeedClient.Change] {
        var seen: [FeedClient.Change] = []
        var position: String?
        while true {
            var feed = try await FeedClient(
                gateways.randomElement()!, "?prefix=\(prefix)&after=beginning", after: position)
            // Mostly in the middle of what was sent.
            for _ in 0..<Int.random(in: 1...300) {
                if let change = try await feed.next() { seen.append(change) }
                if let expected = expected(), seen.count >= expected { return seen }
            }
            position = feed.position
        }
    }

    @Test(
        "Writes through two gateways while partitions change hands: clients that are cut again and again see every event once, in order"
    ) func cutAndResumed() async throws {
        let cluster = try await TestCluster(partitions: 4)
        let total = Shared<Int?>(nil)
        let odd = Shared<Int?>(nil)
        try await cluster.withGateway(feeds: Self.impatient) { first in
            try await cluster.withGateway(feeds: Self.impatient) { second in
                try await cluster.withProjector { projector in
                    let gateways = [first, second]
                    async let everything = watch(gateways, prefix: "") { total.value }
                    async let some = watch(gateways, prefix: "odd/") { odd.value }

                    let done = Shared(false)
                    async let accepted: Int = withThrowingTaskGroup(of: Int.self) { group in
                        for writer in 0..<6 {
                            group.addTask {
                                var n = 0
                                while !done.value {
                                    let key = "\(n % 3 == 0 ? "odd" : "even")/\(writer).\(n % 7)"
                                    let answer = try await gateways[writer % 2].put(key, "\(n)")
                                    #expect(answer.status == 202, "\(answer)")
                                    n += 1
                                }
                                return n
                            }
                        }
                        return try await group.reduce(0, +)
                    }
                    try await eventually("all owned", state: { await projector.worker.owned.count }) { $0 == 4 }
                    let joined = TestProjector(cluster)
                    try await eventually(
                        "shared", state: { (await projector.worker.owned.count, await joined.worker.owned.count) }
                    ) { $0 == (2, 2) }
                    await joined.close()
                    try await eventually("taken back", state: { await projector.worker.owned.count }) { $0 == 4 }
                    done.set(true)
                    let written = try await accepted
                    try await eventually(
                        within: .seconds(60), "all applied", state: { try log(cluster).reduce(0) { $0 + $1.count } }
                    ) { $0 == written }
                    let events = try log(cluster)
                    let oddEvents = try log(cluster, prefix: "odd/")
                    total.set(written)
                    odd.set(oddEvents.reduce(0) { $0 + $1.count })
                    let (seen, seenOdd) = try await (everything, some)
                    #expect(byPartition(seen, cluster) == events)
                    #expect(byPartition(seenOdd, cluster) == oddEvents)
                    #expect(written > 50, "enough to be cut in: \(written)")
                }
            }
        }
    }

    @Test("A quiet feed's position moves past what its prefix leaves out, and it goes on from there")
    func quiet() async throws {
        let cluster = try await TestCluster(partitions: 2)
        try await cluster.withProjector { _ in
            try await cluster.withGateway(feeds: Self.impatient) { gateway in
                let wait = ["Prefer": "wait=20"]
                #expect(try await gateway.put("quiet/1", "x", wait).status == 201)
                var feed = try await FeedClient(gateway, "?prefix=quiet/&values=true")
                let start = feed.position
                for n in 0..<5 { _ = try await gateway.put("loud/\(n)", "x", wait) }
                while feed.position == start {
                    let change = try await feed.next()
                    #expect(change == nil, "nothing happened to it")
                }
                #expect(try await gateway.put("quiet/2", "four", wait).status == 201)
                let change = try await feed.take(1)[0]
                #expect(change.key == "quiet/2" && change.valueBytes == 4, "\(change)")
                var resumed = try await FeedClient(gateway, "?prefix=quiet/", after: feed.position)
                _ = try await gateway.delete("quiet/2", wait)
                let deleted = try await resumed.take(1)
                #expect(deleted.map(\.kind) == ["deleted"])
            }
        }
    }

    @Test("A client that reads nothing is cut off and holds nobody up; it resumes where it was")
    func slow() async throws {
        let cluster = try await TestCluster(partitions: 1)
        try await cluster.withProjector { _ in
            try await cluster.withGateway(feeds: Self.impatient) { gateway in
                var slow = try await FeedClient(gateway, "?after=beginning&values=true")
                var fast = try await FeedClient(gateway, "?after=beginning")
                // More than the sockets' buffers hold.
                let value = String(repeating: "v", count: 400_000)
                for n in 0..<60 { #expect(try await gateway.put("k\(n)", value).status == 202) }
                let seen = try await fast.take(60)
                #expect(seen.map(\.version) == Array(1...60))
                try await eventually("cut off", state: { gateway.service.openFeeds }) { $0 == 1 }
                var slowly: [FeedClient.Change] = []
                do {
                    while true { if let change = try await slow.next() { slowly.append(change) } }
                } catch {}
                #expect(slowly.count < 60)
                var resumed = try await FeedClient(gateway, "?values=true", after: slow.position)
                slowly += try await resumed.take(60 - slowly.count)
                #expect(slowly.map(\.version) == Array(1...60))
                #expect(slowly.allSatisfy { $0.valueBytes == 400_000 })
            }
        }
    }

    @Test(
        "A gateway that ends tells its feeds where they are; a client goes on at another, also when nothing was up meanwhile"
    ) func drain() async throws {
        let cluster = try await TestCluster(partitions: 2)
        let wait = ["Prefer": "wait=20"]
        let first = try await TestGateway(cluster)
        let second = try await TestGateway(cluster)
        var configuration = TidemarkClient.Configuration(urls: [first.url, second.url])
        configuration.retry.attempts = 100
        var raw = try await FeedClient(first)
        try await TidemarkClient.withClient(configuration) { client in
            let feed = client.changes(from: .beginning)
            var changes = feed.makeAsyncIterator()
            try await cluster.withProjector { _ in
                #expect(try await second.put("a", "1", wait).status == 201)
                let change = try await changes.next()
                #expect(change?.key == "a")
                let same = try await raw.take(1)
                #expect(same.map(\.key) == ["a"])
            }
            let began = ContinuousClock.now
            await first.close()
            #expect(ContinuousClock.now - began < .seconds(5), "feeds hold up no shutdown")
            let last = try await raw.next()
            #expect(last == nil, "a last position")
            do {
                let more = try await raw.next()
                Issue.record("the feed goes on: \(String(describing: more))")
            } catch is FeedClient.End {}
            #expect(try await second.put("b", "1").status == 202)
            // Everything anew: another projector, and in the end another gateway.
            try await cluster.withProjector { _ in
                let change = try await changes.next()
                #expect(change?.key == "b")
            }
            await second.close()
        }
        try await cluster.withGateway { third in
            try await cluster.withProjector { _ in
                #expect(try await third.put("c", "1", wait).status == 201)
                var resumed = try await FeedClient(third, after: raw.position)
                let missed = try await resumed.take(2)
                #expect(Set(missed.map(\.key)) == ["b", "c"])
            }
        }
    }

    @Test("tidemark watch tells what happens until Ctrl-C, and goes on where it was") func commandLine() async throws {
        let cluster = try await TestCluster(partitions: 2)
        let state = TestServers.directory.appendingPathComponent("\(cluster.name).position").path
        try await cluster.withProjector { _ in
            try await cluster.withGateway { gateway in
                func watch(until key: String) async throws -> (exit: ProcessExit, output: String) {
                    try await CommandLineRun.run([
                        "watch", "p/", "--after", "beginning", "--values", "--output", "json", "--state", state,
                        "--url", gateway.url,
                    ]) { $0.contains("\"key\":\"\(key)\"") }
                }
                let wait = ["Prefer": "wait=20"]
                for key in ["p/1", "q/1"] { #expect(try await gateway.put(key, "blue", wait).status == 201) }
                let first = try await watch(until: "p/1")
                #expect(first.exit == .exited(0) && first.output.contains(#""value":"blue""#), "\(first)")
                #expect(try await gateway.put("p/2", "x", wait).status == 201)
                let second = try await watch(until: "p/2")
                #expect(second.exit == .exited(0), "\(second)")
                #expect(!second.output.contains("p/1") && !second.output.contains("q/1"), "\(second)")
                let wrong = try await CommandLineRun.run(["watch", "--after", "x", "--url", gateway.url])
                #expect(wrong.exit == .exited(1) && wrong.output.contains("no position"), "\(wrong)")
            }
        }
    }

    @Test("What retention removed is 410 with the oldest position; made-up positions are 400; too many feeds are 503")
    func refused() async throws {
        let cluster = try await TestCluster(partitions: 2)
        var limits = FeedLimits()
        limits.feeds = 1
        limits.heartbeat = .milliseconds(200)
        try await cluster.withProjector { _ in
            try await cluster.withGateway(feeds: limits) { gateway in
                var keys: [String] = []
                for n in 0..<6 {
                    keys.append("{same}\(n)")
                    _ = try await gateway.put("%7Bsame%7D\(n)", "x", ["Prefer": "wait=20"])
                }
                let partition = cluster.description.partitioner.partition(of: Key(trusted: keys[0]))
                let database = try SQL(cluster.database.connectionString)
                try database.run("DELETE FROM events WHERE partition = \(partition) AND seq < 4")
                try database.run("INSERT INTO retention VALUES (\(partition), 4)")

                func answer(_ query: String) async throws -> HTTP.Answer {
                    try await HTTP.send(.get, gateway.url + "/v1/changes" + query)
                }
                let gone = try await answer("?after=beginning")
                #expect(gone.status == 410 && gone.json["type"] as? String == "/problems/position-removed", "\(gone)")
                let oldest = try #require(gone.json["position"] as? String)
                do {
                    var feed = try await FeedClient(gateway, after: oldest)
                    let rest = try await feed.take(3)
                    #expect(rest.map(\.key) == Array(keys[3...]))
                    let full = try await answer("?after=\(oldest)")
                    #expect(full.status == 503 && full.headers["retry-after"] != nil, "\(full)")
                }
                let codec = FeedPositionCodec(clusterTag: cluster.description.tag, partitions: 2)
                let ahead = try await answer("?after=\(codec.encode(FeedPosition([100, 100])))")
                #expect(
                    ahead.status == 400 && ahead.json["type"] as? String == "/problems/position-invalid", "\(ahead)")
                let foreign = FeedPositionCodec(clusterTag: 1, partitions: 2).encode(FeedPosition([0, 0]))
                #expect(try await answer("?after=\(foreign)").status == 400)
                try await eventually("the seat is free again", state: { gateway.service.openFeeds }) { $0 == 0 }
            }
        }
    }
}
