import Audit
import Commands
import EventLog
import Foundation
import LocalStack
import Testing

@Suite("Replay and difference on a real database", .timeLimit(.minutes(3)))
struct AuditReplayTests {
    /// The values that stand after the first `count` events, by a fold that a reader of this test can check.
    private static func standing(_ events: [Event], through last: UInt64, at time: Timestamp) -> [Key: Event] {
        var state: [Key: Event] = [:]
        for event in events where event.sequence <= last && event.kind != .rejected {
            state[event.key] = event.kind == .put ? event : nil
        }
        return state.filter { $0.value.expiresAt.map { $0 > time } ?? true }
    }

    private static func events(_ log: AuditLog, _ partition: Partition) async throws -> [Event] {
        try await log.source.fold(partition, after: 0, through: .max, values: true, into: [Event]()) {
            $0.append($1.event!)
        }
    }

    @Test("The state at every sequence, in memory and through files, whole and by prefix, is what the events give")
    func everySequence() async throws {
        let log = try await AuditLog(partitions: 1)
        try await log.write(rounds: 0..<4)
        let events = try await Self.events(log, Partition(0))
        for last in stride(from: 0, through: UInt64(events.count), by: 3) {
            let positions = try await LogPoint.sequences([Partition(0): last]).positions(
                in: log.source, now: Timestamp(microseconds: .max))
            let time = last == 0 ? Timestamp(microseconds: .max) : events[Int(last) - 1].appliedAt
            #expect(positions == [.init(partition: Partition(0), sequence: last, time: time)])
            for (prefix, memory) in [("", 64 << 20), ("", 500), ("key/1", 64 << 20)] {
                let expected = Self.standing(events, through: last, at: time).values
                    .filter { $0.key.text.hasPrefix(prefix) }.sorted { $0.sequence < $1.sequence }
                let replayed = try await Replay(log.source, prefix: prefix, memory: memory)
                    .fold(positions[0], into: [Event]()) { $0.append($1.event!) }
                #expect(replayed == expected, "\(last) \(prefix) \(memory)")
            }
        }
        await #expect(throws: LogPoint.Beyond.self) {
            try await LogPoint.sequences([Partition(0): 100_000]).positions(in: log.source, now: time(0))
        }
    }

    @Test("A time is the sequences that were applied by then, and values that had expired are gone")
    func times() async throws {
        let log = try await AuditLog()
        try await log.write(rounds: 0..<3)
        for partition in log.cluster.partitioner.partitions {
            let events = try await Self.events(log, partition)
            for time in Set(events.map(\.appliedAt)) {
                for offset in [-1, 0, 11_000_000] as [Int64] {
                    let moment = Timestamp(microseconds: time.microseconds + offset)
                    let positions = try await LogPoint.time(moment).positions(in: log.source, now: moment)
                    let position = try #require(positions.first { $0.partition == partition })
                    #expect(position.sequence == UInt64(events.filter { $0.appliedAt <= moment }.count))
                    let replayed = try await Replay(log.source).fold(position, into: Set<Key>()) {
                        $0.insert($1.event!.key)
                    }
                    #expect(replayed == Set(Self.standing(events, through: position.sequence, at: moment).keys))
                }
            }
        }
    }

    @Test("The difference of two moments is that of their states")
    func difference() async throws {
        let log = try await AuditLog(partitions: 1)
        try await log.write(rounds: 0..<4)
        let events = try await Self.events(log, Partition(0))
        func position(_ last: Int) -> LogPoint.Position {
            .init(
                partition: Partition(0), sequence: UInt64(last),
                time: last == 0 ? time(0) : events[last - 1].appliedAt)
        }
        for (from, to) in [(0, events.count), (0, 5), (3, 12), (9, 9), (10, 25), (5, events.count)] {
            let before = Self.standing(events, through: UInt64(from), at: position(from).time)
            let after = Self.standing(events, through: UInt64(to), at: position(to).time)
            let expected = Set(before.keys).union(after.keys).filter { before[$0]?.sequence != after[$0]?.sequence }
            let changes = try await LogDifference(log.source).changes(from: position(from), to: position(to))
            #expect(changes.map(\.key) == expected.sorted(), "\(from) \(to)")
            for change in changes {
                #expect(change.before == before[change.key]?.sequence && change.after == after[change.key]?.sequence)
            }
        }
    }

    @Test("A log copied into another database up to a point verifies there, and goes on where it was interrupted")
    func copy() async throws {
        let log = try await AuditLog()
        try await log.write(rounds: 0..<3)
        let point = LogPoint.sequences([Partition(0): 17, Partition(1): 9])
        let half = try await point.positions(in: log.source, now: time(0))
        let target = try await AuditLog()
        let store = PostgresEventStore(target.database.configuration())
        let copy = LogCopy(from: log.source, to: target.source, through: store)
        try await copy.run(to: half)
        let report = try await target.verify()
        #expect(report.divergences == [] && report.rows.map(\.size) == [17, 9])
        try await copy.run(to: try await LogPoint.now.positions(in: log.source, now: time(0)))
        #expect(try await target.verify().divergences == [])
        for table in AuditLog.tables {
            let columns = table == "partitions" ? "partition, seq, tree, last_applied_at" : "*"
            let query = "SELECT \(columns) FROM \(table) ORDER BY 1, 2"
            #expect(try target.database.sql().run(query) == log.database.sql().run(query), "\(table)")
        }
        // Another history is not continued.
        try await log.write(rounds: 3..<4)
        try await target.write(rounds: 3..<4, value: "another")
        let other = try await LogPoint.now.positions(in: log.source, now: time(0))
        await #expect(throws: (any Error).self) { try await copy.run(to: other) }
        await store.close()
    }

    @Test(
        "By prefix, another database gets the events of these keys alone, as a log that verifies, and goes on later",
        arguments: [("key/1", Event.Kind.rejected), ("key/2", .deleted)])
    func copyOfPrefix(prefix: String, besidePuts: Event.Kind) async throws {
        let log = try await AuditLog()
        try await log.write(rounds: 0..<4)
        let target = try await AuditLog()
        let store = PostgresEventStore(target.database.configuration())
        func copy(_ prefix: String) -> LogCopy<PostgresSnapshotSource, PostgresSnapshotSource, PostgresEventStore> {
            LogCopy(from: log.source, to: target.source, through: store, prefix: prefix)
        }
        // In the middle of a round's second batch; then all of it; then once more.
        let moments = [time(1_700_000_000 + 210), time(1_700_000_000 + 1_000), time(1_700_000_000 + 1_000)]
        for moment in moments {
            let positions = try await LogPoint.time(moment).positions(in: log.source, now: moment)
            let copied = try await copy(prefix).run(to: positions)
            let report = try await target.verify()
            #expect(report.divergences == [] && report.rows.allSatisfy { $0.size > 0 })
            var total = 0
            var kinds: Set<Event.Kind> = []
            for position in positions {
                let expected = try await Self.events(log, position.partition).filter {
                    $0.sequence <= position.sequence && $0.key.text.hasPrefix(prefix)
                }
                let events = try await Self.events(target, position.partition)
                total += events.count
                kinds.formUnion(events.map(\.kind))
                #expect(events.map(\.withoutPlace) == expected.map(\.withoutPlace))
                // The state, by a fold that knows neither copy nor projection.
                let standing = Self.standing(expected, through: position.sequence, at: moment)
                let head = LogPoint.Position(
                    partition: position.partition, sequence: UInt64(events.count), time: moment)
                let replayed = try await Replay(target.source).fold(head, into: [Event]()) { $0.append($1.event!) }
                #expect(Set(replayed.map(\.key)) == Set(standing.keys) && replayed.count == standing.count)
                for event in replayed { #expect(event.withoutPlace == standing[event.key]?.withoutPlace) }
            }
            #expect(copied == total && kinds.isSuperset(of: [.put, besidePuts]))
        }
        // What was begun with another prefix, or with all keys, is left as it is.
        let before = try target.database.sql().run("SELECT * FROM events ORDER BY 1, 2")
        let now = try await LogPoint.now.positions(in: log.source, now: time(0))
        for other in ["", "key/", "key/1", "key/2", "key/11"] where other != prefix {
            await #expect(throws: (any Error).self, "\(other)") { try await copy(other).run(to: now) }
        }
        #expect(try target.database.sql().run("SELECT * FROM events ORDER BY 1, 2") == before)
        await store.close()
    }

    @Test("From the command line: verify, checkpoint, proofs, difference, replay")
    func commandLine() async throws {
        let log = try await AuditLog()
        try await log.write(rounds: 0..<3)
        let tool = try ToolFolder([
            "TIDEMARK_DATABASE_URL": log.database.url, "TIDEMARK_LOG_LEVEL": "critical",
            "PGPASSWORD": log.database.password,
        ])
        let publicKey = try await tool.run("audit", "keygen", "audit.key", "--name", "example.org/tidemark")
        #expect(publicKey.hasPrefix("example.org/tidemark+"))
        let mode = try FileManager.default.attributesOfItem(atPath: tool.url.path + "/audit.key")[.posixPermissions]
        #expect(mode as? Int == 0o600)
        _ = await tool.fails("audit", "keygen", "audit.key", code: 1)
        #expect(try await tool.run("audit", "verify").hasPrefix("RIGHT: "))
        _ = try await tool.run("audit", "checkpoint", "--key", "audit.key", "--out", "old.txt")
        try await log.write(rounds: 3..<5)
        _ = try await tool.run("audit", "checkpoint", "--key", "audit.key", "--since", "old.txt", "--out", "new.txt")
        let since = try await tool.run(
            "audit", "verify", "--since-checkpoint", "old.txt", "--public-key", "audit.key.pub", "--output", "json")
        let report = try #require(try JSONSerialization.jsonObject(with: Data(since.utf8)) as? [String: Any])
        #expect(report["result"] as? String == "right")
        #expect(
            try await tool.run("audit", "verify", "--checkpoint", "new.txt", "--public-key", publicKey).hasPrefix(
                "RIGHT: "))

        let key = log.keys(of: Partition(0))[0].text
        _ = try await tool.run(
            "audit", "proof", key, "--checkpoint", "old.txt", "--public-key", "audit.key.pub", "--out", "key.proof")
        try Data("value a 2".utf8).write(to: tool.url.appendingPathComponent("value"))
        let proven = try await tool.run("audit", "verify-proof", "key.proof", "--public-key", "audit.key.pub")
        #expect(proven.hasPrefix("RIGHT: ") && proven.contains(key))
        let compared = try await tool.run(
            "audit", "verify-proof", "key.proof", "--public-key", publicKey.trimmingCharacters(in: .newlines),
            "--value",
            "value")
        #expect(compared.contains("the value given"))
        _ = await tool.fails(
            "audit", "verify-proof", "key.proof", "--public-key", "audit.key.pub", "--value", "audit.key.pub", code: 1)
        // A refusal is an event, too.
        let refusal = try #require(
            try log.database.sql().one("SELECT min(seq) FROM events WHERE kind = 'rejected' AND key = '\(key)'"))
        _ = try await tool.run(
            "audit", "proof", key, "--version", refusal, "--checkpoint", "old.txt", "--public-key", "audit.key.pub",
            "--out",
            "refusal.proof")
        #expect(
            try await tool.run("audit", "verify-proof", "refusal.proof", "--public-key", "audit.key.pub").contains(
                "rejected"))
        _ = try await tool.run(
            "audit", "proof", "--from", "old.txt", "--to", "new.txt", "--public-key", publicKey, "--out", "week.proof")
        #expect(
            try await tool.run("audit", "verify-proof", "week.proof", "--public-key", "audit.key.pub").hasPrefix(
                "RIGHT: "))
        _ = await tool.fails(
            "audit", "proof", "no such key", "--checkpoint", "old.txt", "--public-key", publicKey, code: 3)
        _ = try await tool.run("audit", "keygen", "other.key")
        _ = await tool.fails("audit", "verify-proof", "key.proof", "--public-key", "other.key.pub", code: 1)

        let size = try #require(try log.database.sql().one("SELECT seq FROM partitions WHERE partition = 0"))
        #expect(try await tool.run("audit", "diff", "--from", "0:0,1:0").contains("+ \(key)  version "))
        #expect(try await tool.run("audit", "diff", "--from", "0:\(size)", "--to", "0:\(size)") == "")
        _ = await tool.fails("audit", "diff", "--from", "yesterday", code: 2)
        _ = try await tool.run("replay", "--into", "now.ndjson")
        let lines = try String(contentsOf: tool.url.appendingPathComponent("now.ndjson"), encoding: .utf8).split(
            separator: "\n")
        let live = try log.database.sql().one(
            "SELECT count(*) FROM kv WHERE NOT deleted AND (expires_at IS NULL OR expires_at > now())")
        #expect("\(lines.count)" == live)
        let copy = try await TestDatabase()
        _ = try await tool.run("replay", "--sequence", "0:10,1:12", "--into", copy.urlWithoutPassword)
        #expect(try copy.sql().one("SELECT sum(seq) FROM partitions") == "22")
        let part = try await TestDatabase()
        let prefix = String(key.prefix(5))
        for _ in 0..<2 {
            _ = try await tool.run(
                "replay", "--sequence", "0:\(size)", "--prefix", prefix, "--into", part.urlWithoutPassword)
        }
        #expect(try await tool.run("audit", "verify", "--database-url", part.urlWithoutPassword).hasPrefix("RIGHT: "))
        #expect(try part.sql().one("SELECT count(*) FROM events WHERE NOT starts_with(key, '\(prefix)')") == "0")
        #expect(
            try part.sql().one("SELECT count(*) FROM kv")
                == log.database.sql().one("SELECT count(*) FROM kv WHERE starts_with(key, '\(prefix)')"))
        #expect(await tool.fails("replay", "--into", part.url, code: 2).contains("PGPASSWORD"))
        #expect(
            await tool.fails("audit", "verify", "--database-url", part.url, code: 2).contains(
                "TIDEMARK_DATABASE_PASSWORD_FILE"))
        #expect(await tool.fails("replay", "--into", part.urlWithoutPassword, code: 1).contains("of another history"))

        try log.database.sql().run("UPDATE events SET principal = 'mallory' WHERE partition = 1 AND seq = 4")
        #expect(await tool.fails("audit", "verify", code: 1).contains("partition 1, event 4"))
    }

    private func time(_ seconds: Int64) -> Timestamp { Timestamp(microseconds: seconds * 1_000_000) }
}

extension Event {
    /// What a copy by prefix keeps of it.
    fileprivate var withoutPlace: Event {
        var event = self
        (event.sequence, event.previousVersion, event.leafHash) = (0, nil, Data())
        return event
    }
}
