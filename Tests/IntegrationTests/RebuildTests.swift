import Commands
import EventLog
import Foundation
import LocalStack
import Testing

@Suite("Rebuilding the projection on a real database", .timeLimit(.minutes(3)))
struct RebuildTests {
    private static func run(
        _ database: TestDatabase, _ change: (inout Rebuild.Options) -> Void = { _ in }
    ) async throws -> RebuildReport {
        var options = Rebuild.Options()
        change(&options)
        return try await Rebuild.run(database.configuration(), options, progress: RebuildProgress())
    }

    @Test("What SQL's window functions make of the log is what a rebuild makes of it; swapped in, rolled back, dropped")
    func roundTrip() async throws {
        let log = try await RebuildLog(events: 20_000)
        let before = try log.served()
        let report = try await Self.run(log.database) { $0.verifyOnly = true }
        #expect(report.differences.isEmpty && !report.isSwapped && report.events == 20_000, "\(report)")
        #expect(report.partitions.reduce(0) { $0 + Int($1.digest.rows) } == before.count)
        #expect(try log.generations() == ["1"])
        // Goes on where it was: nothing is left to fold.
        let swapped = try await Self.run(log.database)
        #expect(
            swapped.isSwapped && swapped.events == 0
                && swapped.partitions.map(\.digest) == report.partitions.map(\.digest))
        #expect(try log.generations() == ["2"] && log.served() == before)
        await #expect(throws: RebuildRefusal.self) { try await Self.run(log.database) }

        let store = PostgresEventStore(log.database.configuration())
        _ = try await TestBatch(["new": "1", "newer": "2"]).apply(to: store)
        let after = try log.served()
        #expect(after != before)
        _ = try await Rebuild.rollBack(log.database.configuration())
        #expect(try log.generations() == ["3"] && log.served() == after, "both were written")
        await #expect(throws: RebuildRefusal.self) { try await Rebuild.rollBack(log.database.configuration()) }
        let dropped = try await Rebuild.finish(log.database.configuration(), progress: RebuildProgress())
        #expect(dropped == after.count)
        #expect(try log.database.sql().one("SELECT count(*) FROM kv_even") == "0")
        #expect(try log.served() == after)
        await #expect(throws: RebuildRefusal.self) {
            try await Rebuild.finish(log.database.configuration(), progress: RebuildProgress())
        }
        // And from the other table's side.
        _ = try await TestBatch(["new": "3"], firstN: 3).apply(to: store)
        #expect(try await Self.run(log.database).isSwapped)
        #expect(try log.generations() == ["4"])
        await store.close()
    }

    private static let damages: [(sql: String, key: String, column: String)] = [
        ("UPDATE kv SET value = 'x' WHERE key = 'key/1/7'", "key/1/7", "value"),
        ("UPDATE kv SET version = version - 1 WHERE key = 'key/1/7'", "key/1/7", "version"),
        ("UPDATE kv SET created_version = created_version + 1 WHERE key = 'key/1/7'", "key/1/7", "created_version"),
        ("UPDATE kv SET content_type = 'text/html' WHERE key = 'key/1/7'", "key/1/7", "content_type"),
        ("UPDATE kv SET expires_at = now() WHERE key = 'key/1/7'", "key/1/7", "expires_at"),
        ("UPDATE kv SET deleted = NOT deleted WHERE key = 'key/1/7'", "key/1/7", "deleted"),
        (
            "UPDATE kv SET modified_at = modified_at + INTERVAL '1 microsecond' WHERE key = 'key/1/7'", "key/1/7",
            "modified_at"
        ),
        ("UPDATE kv SET partition = 2 WHERE key = 'key/1/7'", "key/1/7", "key"),
        ("DELETE FROM kv WHERE key = 'key/1/7'", "key/1/7", "key"),
        ("UPDATE kv SET key = 'key/1/7b' WHERE key = 'key/1/7'", "key/1/7", "key"),
    ]

    @Test("A projection damaged by hand is found out, not swapped unless told to, and repaired by the swap")
    func damage() async throws {
        let log = try await RebuildLog(events: 2_000)
        let right = try log.served()
        let sql = try log.database.sql()
        for damage in Self.damages {
            try sql.run(damage.sql)
            #expect(try log.served() != right)
            let report = try await Self.run(log.database)
            let found = try #require(report.differences.first, "\(damage)")
            #expect(found.partition == Partition(1) && found.key.text == damage.key && found.column == damage.column)
            #expect(!report.isSwapped && found.keys == (damage.sql.contains("SET key") ? 2 : 1))
            #expect(try await Self.run(log.database) { $0.accept = true }.isSwapped)
            #expect(try log.served() == right, "\(damage)")
            _ = try await Rebuild.finish(log.database.configuration(), progress: RebuildProgress())
            // The damages are made in kv.
            try sql.run(
                """
                INSERT INTO kv SELECT * FROM kv_even; TRUNCATE kv_even; UPDATE partitions SET generation = 1
                """)
        }
    }

    /// Makes the server write an event when the digests have been compared and recorded, and project it wrongly or rightly.
    private static func atTheSwitch(_ value: String, _ sql: SQL) throws {
        try sql.run(
            """
            CREATE FUNCTION late_event() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                UPDATE partitions SET seq = seq + 1 WHERE partition = NEW.partition;
                INSERT INTO events (
                    partition, seq, kind, key, value, content_type, principal, command_id, issued_at, applied_at, leaf_hash)
                SELECT partition, seq, 'put', 'late', 'right'::bytea, 't', 'tester', gen_random_uuid(), now(), now(), ''::bytea
                FROM partitions WHERE partition = NEW.partition;
                INSERT INTO kv (
                    key, partition, version, created_version, value, content_type, expires_at, deleted, modified_at)
                SELECT key, partition, seq, seq, '\(value)'::bytea, content_type, NULL, false, applied_at
                FROM events WHERE key = 'late';
                RETURN NEW;
            END $$;
            CREATE TRIGGER late_event AFTER UPDATE OF digest ON rebuilds FOR EACH ROW WHEN (NEW.partition = 3)
            EXECUTE FUNCTION late_event()
            """)
    }

    @Test("What comes after the comparison is compared at the switch", arguments: ["right", "wrong"])
    func tail(value: String) async throws {
        let log = try await RebuildLog(events: 2_000)
        try Self.atTheSwitch(value, try log.database.sql())
        let report = try await Self.run(log.database)
        #expect(report.isSwapped == (value == "right"))
        #expect(report.differences.map(\.column) == (value == "right" ? [] : ["value"]))
        #expect(report.partitions.allSatisfy { $0.digest == $0.live })
        let generation = try log.database.sql().one("SELECT generation FROM partitions WHERE partition = 3")
        #expect(generation == (value == "right" ? "2" : "1"))
        if value == "right" { #expect(try log.served().contains { $0[0] == "late" }) }
    }

    @Test("While a part of the partitions is swapped, reads, lists, expiry and batches find every key once")
    func mixed() async throws {
        let database = try await TestDatabase.migrated(partitions: 2)
        let store = PostgresEventStore(database.configuration())
        let reader = PostgresLogReader(database.configuration(), partitioner: Partitioner(count: 2))
        var other = TestBatch(["b": "2", "d": "4"])
        other.partition = Partition(1)
        var expiring = TestBatch(["a": "1", "c": "3"])
        expiring.items[1].expiresAt = Timestamp(microseconds: 1)
        _ = try await expiring.apply(to: store)
        _ = try await other.apply(to: store)
        let sql = try database.sql()
        // Whatever else stands in the other table isn't served.
        try sql.run("INSERT INTO kv_even SELECT * FROM kv; UPDATE kv_even SET value = 'even'")
        for (generations, values) in [
            ((1, 1), ["1", "2", "4"]), ((2, 1), ["even", "2", "4"]), ((2, 2), ["even", "even", "even"]),
        ] {
            try sql.run("UPDATE partitions SET generation = \(generations.0) WHERE partition = 0")
            try sql.run("UPDATE partitions SET generation = \(generations.1) WHERE partition = 1")
            let listed = try await reader.list(prefix: "", after: nil, limit: 10, valueBytes: 1_000)
            #expect(listed.map(\.key.text) == ["a", "b", "d"])
            #expect(listed.map { String(decoding: $0.value.content.value, as: UTF8.self) } == values)
            let read = try await reader.read(Key("a"), in: Partition(0), origins: [])
            #expect(read.value?.content.value == Data(values[0].utf8))
            #expect(read.vector.sequence == 2)
            let due = try await store.keysAwaitingExpiry(
                in: Partition(0), at: expiring.time, limit: 10)
            #expect(due.map(\.text) == ["c"])
        }
        _ = try await TestBatch(["a": "last"], firstN: 3).apply(to: store)
        #expect(try sql.one("SELECT value FROM kv WHERE key = 'a'") == "\\x31", "not mirrored")
        #expect(
            try await reader.read(Key("a"), in: Partition(0), origins: []).value?.content.value == Data("last".utf8))
        await store.close()
        await reader.close()
    }

    @Test("A second rebuild is refused while one lives, and one that died is taken over")
    func second() async throws {
        let log = try await RebuildLog(events: 2_000)
        _ = try await Self.run(log.database) { $0.verifyOnly = true }
        let url = log.database.url
        let living = Task.detached {
            let sql = try SQL(url)
            while !Task.isCancelled {
                try sql.run(
                    "UPDATE rebuilds SET owner = '00000000-0000-0000-0000-000000000001', expires_at = now() + INTERVAL '3 s'"
                )
                try? await Task.sleep(for: .milliseconds(100))
            }
        }
        try await eventually(
            "held", state: { try await Rebuild.status(log.database.configuration()).rows[0].standby?.isHeld }
        ) {
            $0 == true
        }
        await #expect(throws: RebuildRefusal.self) { try await Self.run(log.database) }
        await #expect(throws: RebuildRefusal.self) {
            try await Rebuild.finish(log.database.configuration(), progress: RebuildProgress())
        }
        living.cancel()
        _ = try await living.value
        #expect(try await Self.run(log.database).isSwapped)
    }

    @Test("Killed with SIGKILL again and again, it goes on where it was, and ends right")
    func killed() async throws {
        let log = try await RebuildLog(events: 60_000)
        let before = try log.served()
        let sql = try log.database.sql()
        func start() async throws -> ServerProcess {
            try await ServerProcess.launch(
                ProcessDescription(
                    executable: DevProcess.executable,
                    arguments: ["rebuild", "--jobs", "1"],
                    environment: ProcessDescription.minimalEnvironment(home: TestServers.directory).merging([
                        "TIDEMARK_DATABASE_URL": log.database.url
                    ]) { $1 },
                    workingDirectory: TestServers.directory,
                    logFile: TestServers.directory.appendingPathComponent("rebuild-\(log.database.name).log")))
        }
        for partitions in 1...3 {
            let process = try await start()
            try await eventually(
                within: .seconds(40), "\(partitions) partitions built",
                state: {
                    Int(try sql.one("SELECT count(*) FROM rebuilds WHERE seq > 0") ?? "")!
                }
            ) { $0 >= partitions }
            await process.kill()
            // Don't wait for the lease of the dead: the test of the second rebuild does.
            try sql.run("UPDATE rebuilds SET expires_at = now() WHERE stage = 'building'")
        }
        let report = try await Self.run(log.database)
        #expect(report.isSwapped && report.events < 60_000 / 2)
        #expect(try log.served() == before && log.generations() == ["2"])
    }
}
