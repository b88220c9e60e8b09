import Commands
import EventLog
import Foundation
import Testing

@Suite("The event log on a real database", .timeLimit(.minutes(2)))
struct EventLogTransactTests {
    @Test("A batch is in the log, in the projection, in the vector and in the tree")
    func happyPath() async throws {
        let database = try await TestDatabase.migrated()
        let store = PostgresEventStore(database.configuration())
        let reader = PostgresLogReader(database.configuration(), partitioner: Partitioner(count: 4))
        let write = try await TestBatch(["a": "1", "b": "2", "a": "3", "b": nil]).apply(to: store)
        #expect(write.sequence == 4)
        let a = try await reader.read(Key("a"), in: Partition(0), origins: [TestBatch.origin])
        #expect(a.value?.content.value == Data("3".utf8))
        #expect(a.value?.state == KeyState(version: 3, createdVersion: 1, deleted: false, expiresAt: nil))
        #expect(a.vector == VersionVector(sequence: 4, applied: [TestBatch.origin: 4]))
        let b = try await reader.read(Key("b"), in: Partition(0), origins: [])
        #expect(b.value?.state.deleted == true)
        #expect(b.vector == VersionVector(sequence: 4))
        let absent = try await reader.read(Key("c"), in: Partition(0), origins: [Origin(5)])
        #expect(absent.value == nil && absent.vector == VersionVector(sequence: 4))
        let history = try await reader.history(of: Key("a"), in: Partition(0), after: 0, limit: 10, valueBytes: 1_000)
        #expect(history == [write.events[0], write.events[2]])
        #expect(history.allSatisfy { $0.leafHash == $0.computedLeafHash })
        let whole = try await store.vector(of: Partition(0))
        #expect(whole == VersionVector(sequence: 4, applied: [TestBatch.origin: 4]))
        let next = TestBatch(["a": "4"], firstN: 5)
        let seen = Recorder<PartitionSnapshot>()
        _ = try await store.transact(next.read) { snapshot in
            seen.append(snapshot)
            return next.decide(snapshot)
        }
        let snapshot = try #require(seen.all.last)
        #expect(snapshot.tree == write.tree && snapshot.sequence == 4 && snapshot.lastAppliedAt == write.lastAppliedAt)
        #expect(snapshot.keys == [try Key("a"): a.value!.state])
        #expect(snapshot.applied == [TestBatch.origin: 4])
        await store.close()
        await reader.close()
    }

    @Test("A batch under an old epoch is fenced off and writes nothing")
    func fencing() async throws {
        let database = try await TestDatabase.migrated()
        let store = PostgresEventStore(database.configuration())
        let leases = PostgresLeaseStore(database.configuration())
        let epoch = try await leases.acquire(Partition(1), by: WorkerID(), for: .seconds(10))
        #expect(epoch == 1)
        var batch = TestBatch(["a": "1"])
        batch.partition = Partition(1)
        await expectFailure(.fenced) { [batch] () async throws(EventLogError) in try await batch.apply(to: store) }
        batch.epoch = 1
        #expect(try await batch.apply(to: store).sequence == 1)
        batch.partition = Partition(77)
        await expectFailure(.misconfigured) { [batch] () async throws(EventLogError) in
            try await batch.apply(to: store)
        }
        await store.close()
        await leases.close()
    }

    @Test("An empty write commits and changes nothing")
    func emptyWrite() async throws {
        let database = try await TestDatabase.migrated()
        let store = PostgresEventStore(database.configuration())
        let read = BatchRead(partition: Partition(0), epoch: 0, keys: [], origins: [], commandIDs: [])
        let write = try await store.transact(read) { snapshot in
            .write(
                BatchWrite(
                    events: [], projection: [], deadLetters: [], applied: [:], sequence: snapshot.sequence,
                    tree: snapshot.tree, lastAppliedAt: snapshot.lastAppliedAt, outcomes: []))
        }
        #expect(write.isEmpty)
        await store.close()
    }

    @Test("Commands are found again: asked for at first, asked for by the fold, and when nobody asked")
    func duplicates() async throws {
        let database = try await TestDatabase.migrated()
        let store = PostgresEventStore(database.configuration())
        var batch = TestBatch(["a": "1", "b": nil])
        batch.items[0].fingerprint = Fingerprint(bytes: Data(repeating: 3, count: 16))
        let first = try await batch.apply(to: store)
        await expectFailure(.duplicateCommand) { [batch] () async throws(EventLogError) in
            try await batch.apply(to: store)
        }
        let ids = batch.items.map(\.id)
        batch.lookUp = ids
        let again = try await batch.apply(to: store)
        #expect(again.events.isEmpty && again.sequence == 2)

        let calls = Recorder<PartitionSnapshot>()
        var asking = batch
        asking.lookUp = []
        _ = try await store.transact(asking.read) { [batch] snapshot in
            calls.append(snapshot)
            return snapshot.lookedUp.isEmpty ? .lookUp(ids) : batch.decide(snapshot)
        }
        let last = try #require(calls.all.last)
        #expect(calls.all.count == 2)
        #expect(last.lookedUp == Set(ids))
        #expect(last.recorded[ids[0]]?.outcome == first.outcomes[0])
        #expect(last.recorded[ids[0]]?.fingerprint == batch.items[0].fingerprint)
        #expect(last.recorded[ids[1]]?.dot == Dot(origin: TestBatch.origin, n: 2))
        await store.close()
    }

    @Test("A dead letter is kept and found as the command's end")
    func deadLetters() async throws {
        let database = try await TestDatabase.migrated()
        let store = PostgresEventStore(database.configuration())
        let reader = PostgresLogReader(database.configuration(), partitioner: Partitioner(count: 4))
        let command = Command(
            id: CommandID(high: 1, low: 2), operation: .put(Content(value: Data([1]))), key: try Key("k"),
            principal: "p", issuedAt: Timestamp(microseconds: 5),
            fingerprint: Fingerprint(bytes: Data(repeating: 9, count: 16)))
        let dot = Dot(origin: Origin(.max), n: 8)
        let read = BatchRead(
            partition: Partition(2), epoch: 0, keys: [], origins: [dot.origin], commandIDs: [command.id])
        _ = try await store.transact(read) { snapshot in
            .write(
                BatchWrite(
                    events: [], projection: [],
                    deadLetters: [
                        DeadLetter(
                            command: command, partition: snapshot.partition, dot: dot, reason: "refused",
                            diedAt: Timestamp(microseconds: 77))
                    ], applied: [dot.origin: dot.n], sequence: snapshot.sequence, tree: snapshot.tree,
                    lastAppliedAt: snapshot.lastAppliedAt, outcomes: []))
        }
        let found = try #require(try await reader.command(command.id))
        #expect(found.key == command.key)
        #expect(found.record.outcome.result == .dead(reason: "refused"))
        #expect(found.record.fingerprint == command.fingerprint && found.record.dot == dot)
        #expect(try await reader.commands([command.id], in: Partition(2)) == [command.id: found.record])
        #expect(try await reader.commands([command.id], in: Partition(1)).isEmpty)
        #expect(try await reader.command(CommandID(high: 1, low: 3)) == nil)
        await store.close()
        await reader.close()
    }

    @Test("A thousand events with weird keys and values come back as they were, in one transaction")
    func bigBatch() async throws {
        let database = try await TestDatabase.migrated()
        let store = PostgresEventStore(database.configuration())
        let reader = PostgresLogReader(database.configuration(), partitioner: Partitioner(count: 4))
        let weird = [
            "😀/👩‍👩‍👧", "quote'\"`", "back\\slash\\n", "tab\tnewline\n", "NULL", "{a,b}", "e\u{301}", "é", "\u{D7FF}",
            "\u{E000}", "\u{10FFFF}", " ", String(repeating: "x", count: 1_024),
        ]
        var items = weird.map { TestBatch.Item(key: Key(trusted: $0), value: Data($0.utf8)) }
        for index in items.count..<1_000 {
            let value = Data((0..<index).map { UInt8(truncatingIfNeeded: $0) })
            items.append(.init(key: Key(trusted: "key-\(index)"), value: value))
        }
        items[500].expiresAt = Timestamp(microseconds: 4_000_000_000_000_000)
        let write = try await TestBatch(items).apply(to: store)
        #expect(write.sequence == 1_000)
        for item in items[..<20] + items[500...501] {
            let reading = try await reader.read(item.key, in: Partition(0), origins: [])
            #expect(reading.value?.content.value == item.value, "\(item.key)")
            #expect(reading.value?.state.expiresAt == item.expiresAt)
        }
        let sums = try database.sql().run("SELECT count(*), sum(length(value)), sum(length(key)) FROM events")
        let bytes = items.reduce(0) { $0 + $1.value!.count }
        let characters = items.reduce(0) { $0 + $1.key.text.unicodeScalars.count }
        #expect(sums == [["1000", "\(bytes)", "\(characters)"]])
        await store.close()
        await reader.close()
    }

    @Test("Values of 1 MiB go in, sixteen in a batch, and come back")
    func largeValues() async throws {
        let database = try await TestDatabase.migrated()
        let store = PostgresEventStore(database.configuration())
        let reader = PostgresLogReader(database.configuration(), partitioner: Partitioner(count: 4))
        let value = Data((0..<1_048_576).map { UInt8(truncatingIfNeeded: $0 &* 31) })
        let items = (0..<16).map { TestBatch.Item(key: Key(trusted: "large-\($0)"), value: value) }
        _ = try await TestBatch(items).apply(to: store)
        for item in items {
            let reading = try await reader.read(item.key, in: Partition(0), origins: [])
            #expect(reading.value?.content.value == value)
        }
        await store.close()
        await reader.close()
    }

    @Test("Content that the database refuses is told apart from a database that is down")
    func refused() async throws {
        let database = try await TestDatabase.migrated()
        let store = PostgresEventStore(database.configuration())
        let error = await expectFailure(.rejectedStatement) { () async throws(EventLogError) in
            try await TestBatch([.init(key: Key(trusted: "nul"), value: Data(), type: "a\0b")]).apply(to: store)
        }
        #expect(error?.metadata["sql.statement"] == "append_events")
        // The connection is in order again.
        #expect(try await TestBatch(["a": "1"]).apply(to: store).sequence == 1)
        await store.close()
    }

    @Test("Conflicting transactions are run again until each has its turn")
    func serializationFailures() async throws {
        let database = try await TestDatabase.migrated()
        let store = PostgresEventStore(database.configuration(), connections: 4)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<4 {
                group.addTask {
                    for round in 0..<10 {
                        let made = TestBatch(
                            ["shared": "\(writer)-\(round)", "own-\(writer)": "x"],
                            firstN: UInt64(writer * 100 + round * 2 + 1))
                        while true {
                            do throws(EventLogError) {
                                _ = try await made.apply(to: store)
                                break
                            } catch {
                                #expect(error.code == .contended)
                            }
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try await store.vector(of: Partition(0)).sequence == 80)
        #expect(try database.sql().one("SELECT count(*) FROM events") == "80")
        await store.close()
    }

    @Test("A real serialization failure is run again: another transaction changed the partition's row first")
    func serializationFailure() async throws {
        let database = try await TestDatabase.migrated()
        let store = PostgresEventStore(database.configuration(), connections: 1)
        _ = try await TestBatch(["x": "1"]).apply(to: store)
        let other = try database.sql()
        try other.run("BEGIN ISOLATION LEVEL SERIALIZABLE; UPDATE partitions SET epoch = epoch WHERE partition = 0")
        async let write = TestBatch(["x": "2"], firstN: 2).apply(to: store)
        try await eventually(
            "our transaction waits for the row",
            state: {
                try database.sql().one(
                    """
                    SELECT count(*) FROM pg_stat_activity
                    WHERE datname = current_database() AND application_name = 'tidemark' AND wait_event_type = 'Lock'
                    """)
            }
        ) { $0 == "1" }
        try other.run("COMMIT")
        #expect(try await write.sequence == 2)
        await store.close()
    }

    @Test("More than may wait is refused at once")
    func overload() async throws {
        let database = try await TestDatabase.migrated()
        let store = PostgresEventStore(database.configuration(), connections: 1, maximumWaiting: 2)
        let locker = try database.sql()
        try locker.run("BEGIN; SELECT * FROM partitions FOR UPDATE")
        let results = await withTaskGroup(of: EventLogError.Code?.self) { group in
            for index in 0..<8 {
                group.addTask {
                    let batch = TestBatch(["k\(index)": "v"], firstN: UInt64(index + 1))
                    do throws(EventLogError) {
                        _ = try await batch.apply(to: store)
                        return nil
                    } catch {
                        return error.code
                    }
                }
            }
            var refused: [EventLogError.Code?] = []
            for _ in 0..<5 { refused.append(await group.next()!) }
            _ = try? locker.run("COMMIT")
            for await result in group { refused.append(result) }
            return refused
        }
        #expect(results[..<5].allSatisfy { $0 == .overloaded })
        #expect(results[5...].allSatisfy { $0 == nil })
        await store.close()
    }
}
