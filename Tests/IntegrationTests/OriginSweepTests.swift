import Commands
import EventLog
import Foundation
import Projector
import Synchronization
import Testing

@Suite("End to end: gateway runs of the past", .timeLimit(.minutes(2)))
struct OriginSweepTests {
    @Test("Runs that fell silent a week ago leave the version vector, in batches; the others stay")
    func sweep() async throws {
        let cluster = try await TestCluster(partitions: 2)
        let database = try SQL(cluster.database.connectionString)
        for partition in 0..<2 {
            try database.run(
                """
                INSERT INTO origins (partition, origin, n, last_applied_at)
                SELECT \(partition), u.n, 9, now() - INTERVAL '8 days' FROM generate_series(1, 1200) AS u (n)
                """)
            try database.run(
                """
                INSERT INTO origins (partition, origin, n, last_applied_at)
                VALUES (\(partition), -1, 9, now() - INTERVAL '6 days'), (\(partition), -2, 9, now())
                """)
        }
        let description = cluster.description
        let key = try #require(
            (0...).lazy.map { "k\($0)" }.first {
                description.partitioner.partition(of: Key(trusted: $0)) == Partition(0)
            })
        try await cluster.withGateway { gateway in
            let projector = TestProjector(cluster) { $0.originSweepInterval = .milliseconds(50) }
            #expect(try await gateway.put(key, "1", ["Prefer": "wait=20"]).status == 201)
            try await eventually(
                "swept", state: { try database.one("SELECT count(*) FROM origins WHERE partition = 0") }
            ) { $0 == "3" }
            #expect(
                try database.run(
                    "SELECT origin FROM origins WHERE partition = 0 AND origin IN (-1, -2) ORDER BY origin") == [
                        ["-2"], ["-1"],
                    ])
            #expect(
                try database.one("SELECT count(*) FROM origins WHERE partition = 1") == "1202",
                "nothing was applied there, so nobody knows how long its queue is")
            #expect(try await gateway.put(key, "2", ["Prefer": "wait=20"]).status == 200)
            await projector.close()
        }
    }

    @Test("A command that comes again after its run was forgotten is settled by its id")
    func lateArrival() async throws {
        let cluster = try await TestCluster(partitions: 1)
        let database = try SQL(cluster.database.connectionString)
        try await cluster.withGateway { gateway in
            let reached = Mutex(false)
            var hooks = ProjectorHooks()
            hooks.afterInvalidation = {
                reached.withLock { $0 = true }
                try? await Task.sleep(for: .seconds(600))
            }
            let first = TestProjector(cluster, hooks: hooks)
            let put = try await gateway.put("k", "1")
            try await eventually("committed, not acknowledged", state: { reached.withLock { $0 } }) { $0 }
            await first.kill()
            #expect(try database.run("DELETE FROM origins RETURNING n") == [["1"]])
            try await cluster.withProjector { _ in
                #expect(try await gateway.put("later", "1", ["Prefer": "wait=20"]).status == 201)
                #expect(try await gateway.history("k").count == 1, "once")
                let read = try await gateway.get("k", ["Tidemark-Session": put.session])
                #expect(read.status == 200, "\(read)")
            }
            #expect(try database.run("SELECT n FROM origins") == [["2"]])
        }
        #expect(try database.one("SELECT count(*) FROM dead_letters") == "0")
    }
}
