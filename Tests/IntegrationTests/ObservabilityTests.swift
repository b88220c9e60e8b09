import Commands
import Foundation
import LocalStack
import Testing

@testable import Cache

@Suite("Metrics, queries and alerts on a running stack") struct ObservabilityTests {
    private static let redisKey = "watched"

    @Test("Every query has data, nothing is alarmed without a reason, and what is broken is alarmed")
    func watched() async throws {
        try await WatchedStack.with { stack in
            let load = Task { await Self.load(stack.url) }
            defer { load.cancel() }
            try await queriesHaveData(stack)
            try await documented(stack)
            try await quiet(stack)
            try await faults(stack)
        }
    }

    /// Every kind of call, over and over, until cancelled.
    private static func load(_ url: String) async {
        await withTaskGroup(of: Void.self) { group in
            for client in 0..<4 {
                group.addTask {
                    var round = 0
                    while !Task.isCancelled {
                        round += 1
                        let key = "\(url)/v1/kv/\(client)-\(round % 20)"
                        _ = try? await HTTP.send(
                            .put, key, ["Prefer": round % 5 == 0 ? "wait=2" : ""], body: "\(round)")
                        for _ in 0..<3 { _ = try? await HTTP.send(.get, key) }
                        _ = try? await HTTP.send(.get, "\(url)/v1/kv?limit=5")
                        if round % 10 == 0 { _ = try? await HTTP.send(.delete, key) }
                        try? await Task.sleep(for: .milliseconds(40))
                    }
                }
            }
        }
    }

    private func queriesHaveData(_ stack: WatchedStack) async throws {
        let script = WatchedStack.root.appendingPathComponent("scripts/check-queries").path
        // No CockroachDB runs here, and no autoscaler.
        let said = try await OneShot.run(
            script,
            [
                "--prometheus", stack.prometheus.endpoint ?? "", "--skip-job", "cockroachdb", "--skip-job",
                "autoscaler", "--wait", "60",
            ], in: stack.directory, timeout: .seconds(90))
        print(said)
    }

    /// What the documentation lists is exported, and the other way round.
    private func documented(_ stack: WatchedStack) async throws {
        let page = try String(
            contentsOf: WatchedStack.root.appendingPathComponent("docs/metrics.md"), encoding: .utf8)
        let listed = Set(
            page.split(separator: "\n").filter { $0.hasPrefix("| `") && !$0.contains("| autoscaler |") }
                .flatMap { $0.split(separator: "|")[0].matches(of: #/`([a-z_]+)/#).map { String($0.output.1) } })
        let exported = try await stack.exported(by: stack.gateways[0])
            .union(stack.exported(by: stack.projector))
        #expect(exported.subtracting(listed) == [], "exported and not in docs/metrics.md")
        #expect(listed.subtracting(exported) == [], "in docs/metrics.md and not exported")
    }

    /// Latencies are the machine's affair, which may be busy.
    private func quiet(_ stack: WatchedStack) async throws {
        let expected: Set = ["Watchdog", "TargetsMissing{autoscaler}"]
        try await eventually(within: .seconds(30), "only what is to fire fires") {
            try await stack.firing().filter { !$0.contains("-latency") }
        } until: {
            $0 == expected
        }
    }

    private func faults(_ stack: WatchedStack) async throws {
        try await expect(["StaleReads{stale}"], of: "an entry that was brought back", stack) {
            try await Self.bringBack(stack)
        }
        try await expect(["DeadLetters"], of: "a message that is none", stack) {
            let bus = try RabbitMQConfiguration(urls: stack.rabbitMQ.url)
            try await Garbage.publish("no protobuf", to: Partition(0), bus)
        }
        try await expect(["BrokerAlarm"], of: "a broker short of memory", stack) {
            _ = try await stack.rabbitMQ.control(["set_vm_memory_high_watermark", "absolute", "1MB"])
        }
        _ = try await stack.rabbitMQ.control(["set_vm_memory_high_watermark", "0.6"])
        try await expect(
            ["RedisDown{redis}", "RedisWithoutMaster{redis}", "CacheNotFollowing"], of: "Redis killed", stack
        ) { await stack.redis.kill() }
        try await expect(["ProjectorsMissing{projector}", "TargetDown{projector}"], of: "the projector killed", stack) {
            await stack.projector.kill()
        }
        try await expect(
            ["CommandsNotApplied", "PostgresDown{postgres}", "DatabaseDisconnected{gateway}"],
            of: "the database killed", stack
        ) { await stack.postgres.kill() }
        try await expect(
            [
                "BrokersWithoutQuorum{rabbitmq}", "TargetDown{rabbitmq}", "WritesRefused{unavailable}",
                "ErrorBudgetBurnsFast{write-availability}",
            ],
            // The broker's memory alarm refused writes, too.
            perhapsBefore: ["ErrorBudgetBurnsFast{write-availability}"], of: "the broker killed", stack
        ) { await stack.rabbitMQ.kill() }
        try await expect(["GatewaysMissing{gateway}", "TargetDown{gateway}"], of: "the gateways killed", stack) {
            for gateway in stack.gateways { await gateway.kill() }
        }
        try await expect(["NginxDown{nginx}"], of: "nginx killed", stack) { await stack.nginx.kill() }
    }

    private func expect(
        _ alerts: Set<String>, perhapsBefore known: Set<String> = [], of fault: String, _ stack: WatchedStack,
        _ cause: () async throws -> Void
    ) async throws {
        let before = try await stack.firing().intersection(alerts).subtracting(known)
        #expect(before == [], "\(fault): fires before")
        let began = ContinuousClock.now
        try await cause()
        try await eventually(within: .seconds(60), "\(fault): \(alerts.sorted())") {
            try await stack.firing()
        } until: {
            $0.isSuperset(of: alerts)
        }
        print("\(fault): \(alerts.sorted().joined(separator: ", ")) after \(ContinuousClock.now - began)")
    }

    /// Puts the entry of a key's first value back into Redis after the second one was applied.
    private static func bringBack(_ stack: WatchedStack) async throws {
        let key = "\(stack.url)/v1/kv/\(redisKey)"
        let redis = RedisLane(
            RedisConfiguration(url: try RedisURL(stack.redis.url)), preamble: [], metrics: CacheMetrics(),
            logger: TestCluster.quiet)
        try await eventually("cached") {
            _ = try await HTTP.send(.put, key, ["Prefer": "wait=5"], body: "first")
            _ = try await HTTP.send(.get, key)
            return try await redis.send(RESPCommand.words("KEYS", "*:\(redisKey)")).elements?.first?.text
        } until: {
            $0 != nil
        }
        let slot = try #require(try await redis.send(RESPCommand.words("KEYS", "*:\(redisKey)")).elements?.first?.text)
        let old = try #require(try await redis.send(RESPCommand.words("GET", slot)).bytes)
        _ = try await HTTP.send(.put, key, ["Prefer": "wait=5"], body: "second")
        _ = try await redis.send(RESPCommand.set(slot, to: old))
        await redis.close()
    }
}
