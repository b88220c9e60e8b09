import Commands
import EventLog
import Foundation
import Testing

@Suite("Reading the log", .timeLimit(.minutes(2)))
struct EventLogReadTests {
    private struct MovableClock: WallClock {
        var time: Timestamp
        func now() -> Timestamp { time }
    }

    @Test("The state at a version and at a time is the last change until then")
    func pointsInTime() async throws {
        let database = try await TestDatabase.migrated()
        let store = PostgresEventStore(database.configuration(), connections: 1)
        let reader = PostgresLogReader(database.configuration(), partitioner: Partitioner(count: 4))
        for (index, value) in ["1", nil, "3"].enumerated() {
            var batch = TestBatch(["k": value, "other": "x"], firstN: UInt64(2 * index + 1))
            batch.time = Timestamp(microseconds: 1_000 * Int64(index + 1))
            _ = try await batch.apply(to: store)
        }
        let key = try Key("k")
        let cases: [(PointInTime, UInt64?)] = [
            (.version(0), nil), (.version(1), 1), (.version(2), 1), (.version(3), 3), (.version(4), 3),
            (.version(5), 5),
            (.version(.max), 5), (.time(Timestamp(microseconds: 999)), nil), (.time(Timestamp(microseconds: 1_000)), 1),
            (.time(Timestamp(microseconds: 2_999)), 3), (.time(Timestamp(microseconds: 3_000)), 5),
        ]
        for (point, sequence) in cases {
            let event = try await reader.event(of: key, in: Partition(0), at: point)
            #expect(event?.sequence == sequence, "\(point)")
        }
        let third = try await reader.event(of: key, in: Partition(0), at: .version(3))
        #expect(third?.kind == .deleted && third?.content == nil && third?.previousVersion == 1)
        let page = try await reader.history(of: key, in: Partition(0), after: 1, limit: 1, valueBytes: nil)
        #expect(page.map(\.sequence) == [3])
        let last = try await reader.history(of: key, in: Partition(0), after: 3, limit: 5, valueBytes: nil)
        #expect(last.map(\.sequence) == [5] && last[0].content == nil && last[0].size == 1)
        let changed = try await store.keysChanged(in: Partition(0), after: 4, through: 6, limit: 2)
        #expect(changed.map(Set.init) == [key, try Key("other")])
        #expect(try await store.keysChanged(in: Partition(0), after: 3, through: 6, limit: 2) == nil)
        #expect(try await store.keysChanged(in: Partition(0), after: 6, through: 6, limit: 2) == [])
        await store.close()
        await reader.close()
    }

    @Test("Lists come in byte order, page by page, and only what lives")
    func list() async throws {
        let database = try await TestDatabase.migrated()
        let store = PostgresEventStore(database.configuration(), connections: 1)
        let now = Timestamp(microseconds: 1_800_000_000_000_000)
        let reader = PostgresLogReader(
            database.configuration(), partitioner: Partitioner(count: 4), clock: MovableClock(time: now))
        let keys = [
            "a", "a/1", "a/2", "a/\u{D7FF}", "a/\u{D7FF}x", "a/\u{E000}", "a/\u{10FFFF}", "a/\u{10FFFF}\u{10FFFF}",
            "a0", "B",
            "é", "\u{10FFFF}", "\u{10FFFF}z",
        ]
        var items = keys.map { TestBatch.Item(key: Key(trusted: $0), value: Data($0.utf8)) }
        items.append(.init(key: Key(trusted: "a/deleted"), value: nil))
        items.append(.init(key: Key(trusted: "a/expired"), value: Data(), expiresAt: now))
        items.append(.init(key: Key(trusted: "a/later"), value: Data(), expiresAt: now + .microseconds(1)))
        _ = try await TestBatch(items).apply(to: store)
        let live = (keys + ["a/later"]).map { Key(trusted: $0) }.sorted()
        for prefix in ["", "a", "a/", "a/\u{D7FF}", "a/\u{10FFFF}", "\u{10FFFF}", "B", "zzz", "a\0"] {
            let expected = live.filter { $0.text.utf8.starts(with: prefix.utf8) }
            var found: [Key] = []
            while true {
                let page = try await reader.list(prefix: prefix, after: found.last, limit: 3, valueBytes: nil)
                found += page.map(\.key)
                if page.count < 3 { break }
            }
            #expect(found == expected, "\(prefix.debugDescription)")
        }
        let valued = try await reader.list(prefix: "é", after: nil, limit: 1, valueBytes: 1_000)
        #expect(valued.first?.value.content.value == Data("é".utf8) && valued.first?.size == 2)
        let bare = try await reader.list(prefix: "é", after: nil, limit: 1, valueBytes: nil)
        #expect(bare.first?.value.content.value == Data() && bare.first?.size == 2)
        #expect(
            try await store.keysAwaitingExpiry(in: Partition(0), at: now, limit: 9) == [Key(trusted: "a/expired")])
        await store.close()
        await reader.close()
    }

    @Test("A page with values ends with the row whose value is one too many, in the database")
    func bounded() async throws {
        let database = try await TestDatabase.migrated()
        let store = PostgresEventStore(database.configuration(), connections: 1)
        let reader = PostgresLogReader(database.configuration(), partitioner: Partitioner(count: 4))
        // Random, so that the server can't store it any smaller.
        let value = Data((0..<50_000).map { _ in UInt8.random(in: 0...255) })
        for n in 1...5 as ClosedRange<UInt64> {
            let items = ["k\(n)", "same"].map { TestBatch.Item(key: Key(trusted: $0), value: value) }
            var batch = TestBatch(items)
            batch.firstN = 2 * n - 1
            _ = try await batch.apply(to: store)
        }
        for (bytes, rows) in [(0, 1), (49_999, 1), (50_000, 2), (149_999, 3), (150_000, 4), (250_000, 5), (.max, 5)] {
            let page = try await reader.list(prefix: "k", after: nil, limit: 10, valueBytes: bytes)
            #expect(page.map(\.key.text) == (1...rows).map { "k\($0)" }, "\(bytes)")
            #expect(page.allSatisfy { $0.value.content.value == value && $0.size == 50_000 })
            let history = try await reader.history(
                of: Key("same"), in: Partition(0), after: 0, limit: 10, valueBytes: bytes)
            #expect(history.map(\.sequence) == (1...rows).map { UInt64(2 * $0) }, "\(bytes)")
            #expect(history.allSatisfy { $0.content?.value == value })
        }
        #expect(try await reader.list(prefix: "k", after: nil, limit: 10, valueBytes: nil).count == 5)
        #expect(
            try await reader.history(of: Key("same"), in: Partition(0), after: 0, limit: 10, valueBytes: nil).count == 5
        )
        await store.close()
        await reader.close()
    }

    @Test("Reads that gather while the lane is busy all get their own answers")
    func pipelined() async throws {
        let database = try await TestDatabase.migrated()
        let store = PostgresEventStore(database.configuration(), connections: 1)
        let reader = PostgresLogReader(database.configuration(), partitioner: Partitioner(count: 4), connections: 1)
        let items = (0..<200).map { TestBatch.Item(key: Key(trusted: "k\($0)"), value: Data("v\($0)".utf8)) }
        _ = try await TestBatch(items).apply(to: store)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<800 {
                group.addTask {
                    let key = Key(trusted: "k\(index % 200)")
                    let origins = index % 2 == 0 ? [] : [TestBatch.origin]
                    let reading = try await reader.read(key, in: Partition(0), origins: origins)
                    #expect(reading.value?.content.value == Data("v\(index % 200)".utf8))
                    #expect(reading.vector.applied.isEmpty == origins.isEmpty)
                    guard index % 50 == 0 else { return }
                    #expect(try await reader.list(prefix: "k1", after: nil, limit: 5, valueBytes: nil).count == 5)
                }
            }
            try await group.waitForAll()
        }
        await store.close()
        await reader.close()
    }

    @Test("A read that the server refuses fails alone; those behind it in the pipeline are answered")
    func refusedRead() async throws {
        let database = try await TestDatabase.migrated()
        let reader = PostgresLogReader(database.configuration(), partitioner: Partitioner(count: 4), connections: 1)
        await withTaskGroup(of: Bool.self) { group in
            for index in 0..<60 {
                group.addTask {
                    // A negative LIMIT is refused (2201W).
                    let limit = index % 10 == 3 ? -1 : 1
                    do throws(EventLogError) {
                        _ = try await reader.list(prefix: "", after: nil, limit: limit, valueBytes: nil)
                        return limit == 1
                    } catch {
                        return limit == -1 && error.code == .rejectedStatement
                    }
                }
            }
            for await right in group { #expect(right) }
        }
        await reader.close()
    }

    @Test("More reads than may wait are refused at once")
    func overload() async throws {
        let database = try await TestDatabase.migrated()
        let reader = PostgresLogReader(
            database.configuration(), partitioner: Partitioner(count: 4), connections: 1, maximumWaiting: 10)
        let locker = try database.sql()
        try locker.run("BEGIN; LOCK TABLE kv IN ACCESS EXCLUSIVE MODE")
        await withTaskGroup(of: EventLogError.Code?.self) { group in
            for _ in 0..<30 {
                group.addTask {
                    do throws(EventLogError) {
                        _ = try await reader.read(Key(trusted: "k"), in: Partition(0), origins: [])
                        return nil
                    } catch {
                        return error.code
                    }
                }
            }
            for _ in 0..<19 { #expect(await group.next() == .overloaded) }
            _ = try? locker.run("COMMIT")
            for await code in group { #expect(code == nil) }
        }
        await reader.close()
    }
}
