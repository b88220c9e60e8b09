import Commands
import EventLog
import Foundation
import Testing

@Suite("Migrations, the cluster's description and leases", .timeLimit(.minutes(2)))
struct EventLogClusterTests {
    private static let columns = """
        SELECT table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns
        WHERE table_schema = 'public' ORDER BY table_name, ordinal_position
        """
    private static let indexes = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY indexname"

    @Test("Migrations add up, and applying them again changes nothing")
    func reapply() async throws {
        let database = try await TestDatabase()
        let seen = Recorder<String>()
        let first = try await Migrator.migrate(database.configuration(), partitions: 8) { seen.append($0) }
        #expect(seen.all.count == 21 && seen.all.first == "0001_cluster")
        let sql = try database.sql()
        let before = try sql.run(Self.columns) + sql.run(Self.indexes)
        let tables = Set(try sql.run(Self.columns).compactMap { $0[0] })
        #expect(
            tables == [
                "access_keys", "archives", "cluster", "dead_letters", "events", "kv", "kv_even", "leases", "origins",
                "partitions",
                "rebuilds", "retention", "schema_guard", "schema_migrations", "trials", "workers",
            ])
        #expect(try await Migrator.migrate(database.configuration(), partitions: 8) { seen.append($0) } == first)
        #expect(seen.all.count == 21)
        // Their files are safe to apply twice, too.
        try sql.run("DELETE FROM schema_migrations")
        #expect(try await Migrator.migrate(database.configuration()) == first)
        #expect(try sql.run(Self.columns) + sql.run(Self.indexes) == before)
        #expect(try sql.one("SELECT count(*) FROM partitions") == "8")
        #expect(try sql.one("SELECT count(*) FROM leases") == "8")
        #expect(try sql.one("SELECT count(*) FROM schema_guard") == "0")
        #expect(first.secret.count == ClusterDescription.secretByteCount)
        #expect(try await ClusterDescription.load(database.configuration(), partitions: 8) == first)
    }

    @Test("Replicas that migrate at once end with one cluster")
    func race() async throws {
        let database = try await TestDatabase()
        let clusters = try await withThrowingTaskGroup(of: ClusterDescription.self) { group in
            for _ in 0..<6 { group.addTask { try await Migrator.migrate(database.configuration(), partitions: 4) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(clusters.count == 6 && clusters.allSatisfy { $0 == clusters[0] })
        #expect(try database.sql().one("SELECT count(*) FROM schema_migrations") == "21")
    }

    @Test("A process configured otherwise is told both numbers and what to do")
    func disagreement() async throws {
        let database = try await TestDatabase.migrated(partitions: 4)
        for attempt in 0..<2 {
            let error = await expectFailure(.misconfigured) { () async throws(EventLogError) in
                attempt == 0
                    ? try await Migrator.migrate(database.configuration(), partitions: 16)
                    : try await ClusterDescription.load(database.configuration(), partitions: 16)
            }
            let message = error?.message ?? ""
            #expect(message.contains("16 partitions") && message.contains("set partitions to 4"))
        }
        #expect(try database.sql().one("SELECT count(*) FROM partitions") == "4")
    }

    @Test("A database without a cluster, and one of a newer version, are refused with advice")
    func wrongDatabase() async throws {
        let empty = try await TestDatabase()
        await expectFailure(.misconfigured) { () async throws(EventLogError) in
            try await ClusterDescription.load(empty.configuration())
        }
        let newer = try await TestDatabase.migrated()
        try newer.sql().run("INSERT INTO schema_migrations (version, name, applied_at) VALUES (99, 'x', now())")
        let error = await expectFailure(.misconfigured) { () async throws(EventLogError) in
            try await Migrator.migrate(newer.configuration())
        }
        #expect(error?.message.contains("99") == true)
    }

    @Test("A lease is taken once, renewed, released, and taken over when it has expired")
    func leases() async throws {
        let database = try await TestDatabase.migrated(partitions: 3)
        let store = PostgresLeaseStore(database.configuration())
        let (one, two) = (WorkerID(), WorkerID())
        let empty = try await store.renew(one, name: "one", for: .seconds(30))
        #expect(empty.workers == [one])
        #expect(empty.entries.map(\.partition.number) == [0, 1, 2])
        #expect(empty.entries.allSatisfy { $0.owner == nil && $0.epoch == 0 && $0.expired })
        #expect(try await store.acquire(Partition(0), by: one, for: .seconds(30)) == 1)
        #expect(try await store.acquire(Partition(0), by: two, for: .seconds(30)) == nil)
        #expect(try await store.acquire(Partition(9), by: two, for: .seconds(30)) == nil)
        let table = try await store.renew(two, name: "two", for: .seconds(30))
        #expect(Set(table.workers) == [one, two])
        #expect(table.entries[0] == .init(partition: Partition(0), owner: one, epoch: 1, expired: false))
        try await store.release(Partition(0), by: two)
        #expect(try await store.acquire(Partition(0), by: two, for: .seconds(30)) == nil, "not theirs to release")
        try await store.release(Partition(0), by: one)
        #expect(try await store.acquire(Partition(0), by: two, for: .milliseconds(1)) == 2)
        try await eventually(
            "the lease expires", state: { try await store.renew(one, name: "one", for: .seconds(30)).entries[0] },
            until: \.expired)
        #expect(try await store.acquire(Partition(0), by: one, for: .seconds(30)) == 3)
        #expect(try database.sql().one("SELECT epoch FROM partitions WHERE partition = 0") == "3")
        try await store.leave(one)
        let left = try await store.renew(two, name: "two", for: .milliseconds(1))
        #expect(left.workers == [two] && left.entries[0].owner == nil)
        try await eventually(
            "the worker expires", state: { try await store.renew(one, name: "one", for: .seconds(30)).workers },
            until: { $0 == [one] })
        #expect(try database.sql().one("SELECT count(*) FROM workers") == "1")
        await store.close()
    }

    @Test("Many workers that want the same partition: one gets it, for each epoch")
    func leaseRace() async throws {
        let database = try await TestDatabase.migrated(partitions: 1)
        let stores = (0..<4).map { _ in PostgresLeaseStore(database.configuration()) }
        let winners = try await withThrowingTaskGroup(of: UInt64?.self) { group in
            for store in stores {
                group.addTask {
                    let worker = WorkerID()
                    _ = try await store.renew(worker, name: "w", for: .seconds(9))
                    return try await store.acquire(Partition(0), by: worker, for: .seconds(9))
                }
            }
            return try await group.reduce(into: [UInt64]()) { if let epoch = $1 { $0.append(epoch) } }
        }
        #expect(winners == [1])
        for store in stores { await store.close() }
    }
}
