import Checking
import EventLog
import Foundation
import History
import Projector
import Testing

@Suite("Rebuilding the projection while a cluster works", .timeLimit(.minutes(3)))
struct RebuildLoadTests {
    private static func rebuild(
        _ cluster: TestCluster, _ change: (inout Rebuild.Options) -> Void = { _ in }
    ) async throws -> RebuildReport {
        var options = Rebuild.Options()
        change(&options)
        return try await Rebuild.run(cluster.database, options, progress: RebuildProgress())
    }

    @Test(
        "Under load, with projectors that come and go, swaps and a rollback break no promise, and every generation is equal"
    )
    func underLoad() async throws {
        let cluster = try await TestCluster()
        let verdict = Recorder<Verdict>()
        try await cluster.withProjector { _ in
            try await cluster.withGateway { first in
                try await cluster.withGateway { second in
                    let plan = CheckPlan(urls: [first.url, second.url], seed: 17)
                    let recording = try await CheckRun(plan).record {
                        try await Task.sleep(for: .seconds(1))
                        #expect(try await Self.rebuild(cluster).isSwapped)
                        let joining = TestProjector(cluster)
                        try await eventually("shared", state: { await joining.worker.owned.count }) { $0 > 0 }
                        _ = try await Rebuild.rollBack(cluster.database)
                        async let left: Void = joining.close()
                        _ = try await Rebuild.finish(cluster.database, progress: RebuildProgress())
                        let again = try await Self.rebuild(cluster)
                        #expect(again.isSwapped && again.differences.isEmpty, "\(again.differences)")
                        await left
                        try await Task.sleep(for: .seconds(1))
                    }
                    verdict.append(Verdict(of: recording))
                }
            }
        }
        let judged = try #require(verdict.all.first)
        #expect(judged.result == .right, "\(judged.violations.prefix(5).map(\.text)) \(judged.open.prefix(5))")
        _ = try await Rebuild.finish(cluster.database, progress: RebuildProgress())
        let last = try await Self.rebuild(cluster) { $0.verifyOnly = true }
        #expect(last.differences.isEmpty && last.events > 500, "\(last.events) \(last.differences)")
    }

    @Test(
        "Deletions, expiries and refused writes come out the same; and what is expired later is written to both generations"
    )
    func allKinds() async throws {
        let cluster = try await TestCluster(partitions: 2)
        try await cluster.withProjector { projector in
            try await cluster.withGateway { gateway in
                let wait = ["Prefer": "wait=20"]
                for key in ["a", "b", "c", "d"] { #expect(try await gateway.put(key, "1", wait).status == 201) }
                #expect(try await gateway.delete("b", wait).status == 204)
                #expect(try await gateway.delete("never", wait).status == 204)
                #expect(try await gateway.put("a", "2", wait.merging(["If-Match": "\"999\""]) { $1 }).status == 412)
                #expect(try await gateway.put("c", "short", wait.merging(["Tidemark-TTL": "1"]) { $1 }).status == 200)
                #expect(try await gateway.put("b", "again", wait).status == 201)
                try await eventually("expired", state: { try await gateway.history("c").last?["kind"] as? String }) {
                    $0 == "expired"
                }
                #expect(try await Self.rebuild(cluster).isSwapped)
                #expect(try await gateway.put("d", "short", wait.merging(["Tidemark-TTL": "1"]) { $1 }).status == 200)
                try await eventually("expired", state: { try await gateway.history("d").last?["kind"] as? String }) {
                    $0 == "expired"
                }
                let sql = try SQL(cluster.database.connectionString)
                let columns =
                    "key, partition, version, created_version, value, content_type, expires_at, deleted, modified_at"
                #expect(
                    try sql.run("SELECT \(columns) FROM kv ORDER BY key")
                        == sql.run("SELECT \(columns) FROM kv_even ORDER BY key"))
                #expect(try await gateway.get("b").text == "again")
            }
        }
    }

    @Test("After the swap of a repaired projection the cache never gives an entry of the damaged one again")
    func staleEntries() async throws {
        let cluster = try await TestCluster(partitions: 2)
        try await cluster.withProjector { _ in
            try await cluster.withGateway { gateway in
                let keys = (0..<20).map { "k\($0)" }
                for key in keys { #expect(try await gateway.put(key, "right", ["Prefer": "wait=20"]).status == 201) }
                try SQL(cluster.database.connectionString).run("UPDATE kv SET value = 'wrong'")
                for key in keys {
                    try await eventually("the damage is cached", state: { try await gateway.get(key) }) {
                        $0.text == "wrong" && $0.headers["cache-status"] == "tidemark; hit"
                    }
                }
                let done = Recorder<Bool>()
                let seen = Recorder<(key: String, value: String, hit: Bool)>()
                async let reading: Void = withThrowingTaskGroup(of: Void.self) { group in
                    for lane in 0..<4 {
                        group.addTask {
                            while done.all.isEmpty {
                                for key in keys where Int(key.dropFirst())! % 4 == lane {
                                    let answer = try await gateway.get(key)
                                    seen.append((key, answer.text, answer.headers["cache-status"] == "tidemark; hit"))
                                }
                            }
                        }
                    }
                    try await group.waitForAll()
                }
                let report = try await Self.rebuild(cluster) { $0.accept = true }
                #expect(report.isSwapped && report.differences.count == 2)
                for key in keys {
                    try await eventually("repaired and cached", state: { try await gateway.get(key) }) {
                        $0.text == "right" && $0.headers["cache-status"] == "tidemark; hit"
                    }
                }
                done.append(true)
                try await reading
                // In each lane's order, so in each key's: from the first right one from the cache on, all are right.
                for key in keys {
                    let values = seen.all.filter { $0.key == key }
                    let first = values.firstIndex { $0.value == "right" && $0.hit } ?? values.count
                    #expect(values[first...].allSatisfy { $0.value == "right" }, "\(key)")
                }
            }
        }
    }
}
