import Commands
import EventLog
import Foundation
import LocalStack
import Projector
import Synchronization
import Testing

@Suite("End to end: dead letters", .timeLimit(.minutes(3))) struct DeadLetterTests {
    /// A database that refuses writes of the key "bad" until it is mended.
    private final class Database: Sendable {
        private let state = Mutex(true)
        var refuses: Bool { state.withLock { $0 } }
        func set(refuses: Bool) { state.withLock { $0 = refuses } }

        var hooks: ProjectorHooks {
            ProjectorHooks(
                beforeTransaction: { [self] read throws(EventLogError) in
                    guard refuses, read.keys.contains(Key(trusted: "bad")) else { return }
                    throw EventLogError(
                        .rejectedStatement, "The database refuses the content (SQLSTATE 22000).")
                })
        }
    }

    /// Lends a gateway and the desk, with a projector at work.
    private func with(
        _ quarantine: Quarantine = .letThrough,
        _ body: (TestGateway, DeadLetterDesk, Database, TestCluster) async throws -> Void
    ) async throws {
        let cluster = try await TestCluster(partitions: 1)
        let database = Database()
        let projector = TestProjector(cluster, hooks: database.hooks) { configuration in
            configuration.quarantine = quarantine
            configuration.expirySweepInterval = .milliseconds(50)
        }
        try await cluster.withGateway { gateway in
            let desk = DeadLetterDesk(cluster.database, partitioner: cluster.description.partitioner)
            try await body(gateway, desk, database, cluster)
        }
        await projector.close()
    }

    private func write(_ gateway: TestGateway, _ key: String, _ value: String) async throws -> CommandID {
        let answer = try await gateway.put(key, value, ["Prefer": "wait=20"])
        let id = try #require(answer.json["command"] as? String, "\(answer)")
        return try #require(CommandID(id))
    }

    private func status(_ gateway: TestGateway, _ id: CommandID) async throws -> String? {
        try await HTTP.send(.get, gateway.url + "/v1/commands/\(id)").json["status"] as? String
    }

    @Test("A letter is kept with its cause; retried by two at once it is applied once, under its own id and dot")
    func retry() async throws {
        try await with { gateway, desk, database, cluster in
            let id = try await write(gateway, "bad", "1")
            #expect(try await status(gateway, id) == "dead")
            let (record, command, dot) = try #require(try await desk.show(id))
            #expect(record.key.text == "bad" && record.state == .dead && record.reason.contains("22000"))
            #expect(command.operation == .put(Content(value: Data("1".utf8))))
            #expect(try await desk.list(prefix: "b").map(\.command) == [id])
            #expect(try await desk.list(prefix: "c").isEmpty)

            // It fails again, and waits for another decision.
            #expect(try await desk.retry([id], by: "first") == [id])
            try await eventually("dead again", state: { try await desk.show(id)?.record }) { record in
                record?.state == .dead && record?.decidedBy == "first"
            }
            database.set(refuses: false)
            async let one = desk.retry([id], by: "one")
            async let two = desk.retry(nil, by: "two")
            let asked = try await one + two
            #expect(Set(asked) == [id])
            try await eventually("applied", state: { try await status(gateway, id) }) { $0 == "applied" }
            #expect(try await gateway.get("bad").text == "1", "the cache follows")
            let rows = try SQL(cluster.database.connectionString).run(
                "SELECT command_id, origin, origin_seq FROM events WHERE key = 'bad'")
            #expect(rows == [[id.description, String(dot.origin.bitPattern), String(dot.n)]])
            #expect(try await desk.list().isEmpty)
            #expect(try await desk.retry([id], by: "late").isEmpty)
        }
    }

    @Test(
        "By default later commands of the key go on; a dropped letter stays on record and is not applied"
    )
    func drop() async throws {
        try await with { gateway, desk, database, _ in
            let id = try await write(gateway, "bad", "1")
            database.set(refuses: false)
            #expect(try await gateway.put("bad", "2", ["Prefer": "wait=20"]).status == 201)
            #expect(try await desk.drop(id, by: "me", because: "too old"))
            #expect(try await !desk.drop(id, by: "you", because: "again"))
            #expect(try await desk.retry(nil, by: "you").isEmpty)
            let record = try #require(try await desk.show(id)?.record)
            #expect(record.state == .dropped && record.decidedBy == "me" && record.decision == "too old")
            #expect(try await status(gateway, id) == "dead")
            #expect(try await gateway.get("bad").text == "2")
        }
    }

    @Test(
        "Held commands wait behind the letter of their key, others do not; they follow in order when it is retried or dropped",
        arguments: [true, false])
    func held(retried: Bool) async throws {
        try await with(.hold) { gateway, desk, database, _ in
            let id = try await write(gateway, "bad", "1")
            database.set(refuses: false)
            for value in ["2", "3", "4"] {
                #expect(try await status(gateway, try await write(gateway, "bad", value)) == "dead")
            }
            #expect(try await gateway.put("good", "1", ["Prefer": "wait=20"]).status == 201)
            let letters = try await desk.list()
            #expect(letters.map(\.isHeld) == [false, true, true, true] && letters[0].command == id)
            #expect(try await gateway.get("bad").status == 404)
            #expect(try await desk.retry([letters[1].command], by: "me").isEmpty, "it is not its turn")
            if retried {
                #expect(try await desk.retry(nil, by: "me") == [id])
            } else {
                #expect(try await desk.drop(id, by: "me", because: "wrong"))
            }
            let expected = retried ? [1, 2, 3, 4] : [2, 3, 4]
            try await eventually("applied in order", state: { try await gateway.allValues("bad") }) { $0 == expected }
            #expect(try await gateway.put("bad", "5", ["Prefer": "wait=20"]).status == 200, "no longer held")
            #expect(try await desk.list().map(\.state) == (retried ? [] : [.dropped]))
        }
    }

    @Test("The command line lists, shows, retries and drops, and says by its exit status what was not so")
    func commandLine() async throws {
        try await with { gateway, _, database, cluster in
            func tidemark(_ arguments: String...) async throws -> (exit: ProcessExit, output: String) {
                try await CommandLineRun.run(
                    ["dead"] + arguments, environment: ["TIDEMARK_DATABASE_URL": cluster.database.connectionString])
            }
            let first = try await write(gateway, "bad", "1")
            let second = try await write(gateway, "bad", "2")
            let list = try await tidemark("list")
            #expect(list.exit == .exited(0) && list.output.split(separator: "\n").count == 2, "\(list)")
            let shown = try await tidemark("show", "\(first)", "--output", "json")
            #expect(shown.output.contains(#""value":"1""#) && shown.output.contains("22000"), "\(shown)")
            let failed = try await tidemark("retry", "\(first)")
            #expect(failed.exit == .exited(1), "it fails again: \(failed)")
            let dropped = try await tidemark("drop", "\(second)", "--reason", "wrong", "--by", "me")
            #expect(dropped.exit == .exited(0), "\(dropped)")
            let late = try await tidemark("retry", "\(second)")
            #expect(late.exit == .exited(4), "\(late)")
            database.set(refuses: false)
            let retried = try await tidemark("retry", "--all")
            #expect(retried.exit == .exited(0) && retried.output == "\(first)\tapplied\n", "\(retried)")
            let unknown = try await tidemark("show", "01936c1e-7a2b-7000-8f3a-5d2c9b1e4a60")
            #expect(unknown.exit == .exited(3), "\(unknown)")
        }
    }
}
