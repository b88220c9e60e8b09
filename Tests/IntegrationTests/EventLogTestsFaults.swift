import Commands
import EventLog
import Foundation
import Testing

@Suite("The event log when the database or the way to it fails", .timeLimit(.minutes(2)))
struct EventLogFaultTests {
    private func port(of database: TestDatabase) -> Int { database.server.port ?? 5_432 }

    @Test("A lost answer to COMMIT is an unknown outcome, and the next run finds the commands")
    func lostCommit() async throws {
        let database = try await TestDatabase.migrated()
        let proxy = FaultyProxy(to: port(of: database))
        let store = PostgresEventStore(database.configuration(port: proxy.port), connections: 1)
        _ = try await TestBatch(["warm": "up"]).apply(to: store)
        var batch = TestBatch(["a": "1", "b": "2"], firstN: 2)
        proxy.set(.dropAfterForwarding("advance_partition"))
        await expectFailure(.outcomeUnknown) { [batch] () async throws(EventLogError) in
            try await batch.apply(to: store)
        }
        #expect(proxy.firedOrNone)
        // By the server, in its own time.
        try await eventually("committed", state: { try database.sql().one("SELECT count(*) FROM events") }) {
            $0 == "3"
        }
        batch.lookUp = batch.items.map(\.id)
        let again = try await batch.apply(to: store)
        #expect(again.events.isEmpty && again.sequence == 3)
        await store.close()
        proxy.close()
    }

    @Test("A connection lost before the commit wrote nothing, and says so")
    func lostBefore() async throws {
        let database = try await TestDatabase.migrated()
        let proxy = FaultyProxy(to: port(of: database))
        let store = PostgresEventStore(database.configuration(port: proxy.port), connections: 1)
        _ = try await TestBatch(["warm": "up"]).apply(to: store)
        proxy.set(.dropAfterForwarding("lock_partition"))
        let batch = TestBatch(["a": "1"], firstN: 2)
        await expectFailure(.unavailable) { () async throws(EventLogError) in try await batch.apply(to: store) }
        #expect(try database.sql().one("SELECT count(*) FROM events") == "1")
        #expect(try await batch.apply(to: store).sequence == 2)
        await store.close()
        proxy.close()
    }

    @Test("A server that answers no more holds nobody for ever")
    func blackHole() async throws {
        let database = try await TestDatabase.migrated()
        let proxy = FaultyProxy(to: port(of: database))
        var configuration = database.configuration(port: proxy.port, answerTimeout: .milliseconds(500))
        configuration.connectTimeout = .seconds(2)
        let store = PostgresEventStore(configuration, connections: 1)
        let reader = PostgresLogReader(configuration, partitioner: Partitioner(count: 4), connections: 1)
        _ = try await TestBatch(["warm": "up"]).apply(to: store)
        _ = try await reader.read(Key("warm"), in: Partition(0), origins: [])
        proxy.set(.blackHole)
        await expectFailure(.unavailable) { () async throws(EventLogError) in
            try await TestBatch(["a": "1"], firstN: 2).apply(to: store)
        }
        await expectFailure(.unavailable) { () async throws(EventLogError) in
            try await reader.read(Key(trusted: "warm"), in: Partition(0), origins: [])
        }
        proxy.set(.none)
        try await eventually(
            "the reader is back", state: { try? await reader.read(Key("warm"), in: Partition(0), origins: []) },
            until: { $0?.value?.content.value == Data("up".utf8) })
        await store.close()
        await reader.close()
        proxy.close()
    }

    @Test("Connections that the server ended are opened again, by readers unseen")
    func terminated() async throws {
        let database = try await TestDatabase.migrated()
        let store = PostgresEventStore(database.configuration(), connections: 1)
        let reader = PostgresLogReader(database.configuration(), partitioner: Partitioner(count: 4), connections: 1)
        _ = try await TestBatch(["a": "1"]).apply(to: store)
        _ = try await reader.read(Key("a"), in: Partition(0), origins: [])
        for round in 2...4 {
            try database.sql().run(
                """
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE application_name = 'tidemark' AND datname = current_database()
                """)
            let reading = try await reader.read(Key("a"), in: Partition(0), origins: [])
            #expect(reading.value != nil)
            try await eventually(
                "the store is back",
                state: { try? await TestBatch(["a": "\(round)"], firstN: UInt64(round)).apply(to: store).sequence },
                until: { $0 == UInt64(round) })
        }
        await store.close()
        await reader.close()
    }

    @Test("A database that can't be reached is unavailable at once, and there as soon as it is")
    func unreachable() async throws {
        let database = try await TestDatabase.migrated()
        let proxy = FaultyProxy(to: port(of: database))
        proxy.close()
        let store = PostgresEventStore(database.configuration(port: proxy.port), connections: 1)
        let error = await expectFailure(.unavailable) { () async throws(EventLogError) in
            try await TestBatch(["a": "1"]).apply(to: store)
        }
        #expect(error?.message.contains("127.0.0.1") == false, "no hosts in what users see")
        #expect(!store.isConnected)
        await store.close()
        await expectFailure(.unavailable) { () async throws(EventLogError) in
            try await TestBatch(["a": "1"]).apply(to: store)
        }
        // Of several hosts the first that answers serves.
        let hosts = "127.0.0.1:\(proxy.port),127.0.0.1:\(port(of: database))"
        let user = database.server.user() ?? "postgres"
        let second = PostgresEventStore(
            PostgresConfiguration(
                connectionString: "postgresql://\(user)@\(hosts)/\(database.name)", password: database.server.password()
            ),
            connections: 1)
        #expect(try await TestBatch(["a": "1"]).apply(to: second).sequence == 1)
        await second.close()
    }

    @Test(
        "A host that swallows everything costs a moment, and holds up neither the next host nor the end",
        arguments: [true, false])
    func silentHost(accepts: Bool) async throws {
        let database = try await TestDatabase.migrated()
        let silent = SilentListener(accepts: accepts)
        defer { silent.close() }
        let user = database.server.user() ?? "postgres"
        func configuration(_ ports: [Int]) -> PostgresConfiguration {
            let hosts = ports.map { "127.0.0.1:\($0)" }.joined(separator: ",")
            return PostgresConfiguration(
                connectionString: "postgresql://\(user)@\(hosts)/\(database.name)",
                password: database.server.password(), connectTimeout: .seconds(60))
        }
        let store = PostgresEventStore(
            configuration([silent.port, silent.port, port(of: database)]), connections: 1)
        let began = ContinuousClock.now
        #expect(try await TestBatch(["a": "1"]).apply(to: store).sequence == 1)
        let took = ContinuousClock.now - began
        #expect(took > .seconds(3) && took < .seconds(20), "two silent hosts, two seconds each: \(took)")
        await store.close()

        let stuck = PostgresLogReader(
            configuration([silent.port]), partitioner: Partitioner(count: 4), connections: 1)
        let read = Task { try await stuck.read(Key(trusted: "a"), in: Partition(0), origins: []) }
        let closing = ContinuousClock.now
        await stuck.close()
        #expect(ContinuousClock.now - closing < .seconds(20), "well before the minute that a connection may take")
        await #expect(throws: EventLogError.self) { _ = try await read.value }
    }

    @Test("A prepared statement that the schema outdated is prepared again")
    func schemaChange() async throws {
        let database = try await TestDatabase.migrated()
        let reader = PostgresLogReader(database.configuration(), partitioner: Partitioner(count: 4), connections: 1)
        _ = try await reader.read(Key("a"), in: Partition(0), origins: [])
        try database.sql().run("ALTER TABLE kv ALTER COLUMN content_type TYPE VARCHAR(4096)")
        _ = try await reader.read(Key("a"), in: Partition(0), origins: [])
        await reader.close()
    }
}
