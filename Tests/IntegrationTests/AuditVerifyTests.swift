import Audit
import Commands
import EventLog
import Foundation
import Testing

@Suite("Verification of a real database", .timeLimit(.minutes(3)))
struct AuditVerifyTests {
    /// One change by hand, and where it must be found.
    private struct Tampering {
        var sql: String
        var sequence: UInt64
        /// Among those named; exactly this one if it is `exact`.
        var field: String
        var table = Divergence.Table.events
        var exact = true
    }

    /// Event 3 of partition 0 is a put, event 4 a refusal.
    private static func changed(
        _ column: String, to value: String, named field: String? = nil, exact: Bool = false
    )
        -> Tampering
    {
        Tampering(
            sql: "UPDATE events SET \(column) = \(value) WHERE partition = 0 AND seq = 3", sequence: 3,
            field: field ?? column, exact: exact)
    }

    private static let eventColumns: [Tampering] = [
        changed("partition", to: "7", named: "seq", exact: true),
        changed("seq", to: "100000", named: "seq", exact: true),
        changed("kind", to: "'deleted'", exact: true), changed("key", to: "'key/other'"),
        changed("value", to: "'other'", exact: true), changed("value", to: "NULL", exact: true),
        changed("value", to: "set_byte(value, 0, 1)"),
        changed("value_salt", to: "'0123456789abcdef'"), changed("value_salt", to: "NULL", exact: true),
        changed("value_salt", to: "'short'", exact: true),
        changed(
            "value_commitment", to: "set_byte(value_commitment, 0, get_byte(value_commitment, 0) # 1)", exact: true),
        changed("value_commitment", to: "NULL", exact: true), changed("value_size", to: "value_size + 1", exact: true),
        changed("content_type", to: "'text/html'"), changed("content_type", to: "NULL"),
        changed("expires_at", to: "now()"), changed("previous_version", to: "2", exact: true),
        changed("reason", to: "'precondition-failed'"), changed("principal", to: "'mallory'"),
        changed("command_id", to: "gen_random_uuid()"), changed("fingerprint", to: "'0123456789abcdef'"),
        changed("origin", to: "8"), changed("origin_seq", to: "origin_seq + 1"), changed("traceparent", to: "NULL"),
        changed("issued_at", to: "issued_at + interval '1 microsecond'"),
        changed("applied_at", to: "applied_at - interval '1 microsecond'"),
        changed("leaf_hash", to: "set_byte(leaf_hash, 31, get_byte(leaf_hash, 31) # 1)", exact: true),
    ]

    private static func rows(_ last: UInt64) -> [Tampering] {
        [
            Tampering(sql: "DELETE FROM events WHERE partition = 0 AND seq = 3", sequence: 3, field: "seq"),
            Tampering(sql: "DELETE FROM events WHERE partition = 0 AND seq = 1", sequence: 1, field: "seq"),
            Tampering(sql: "DELETE FROM events WHERE partition = 0 AND seq = \(last)", sequence: last, field: "seq"),
            Tampering(sql: "DELETE FROM events WHERE partition = 0 AND seq > 10", sequence: 11, field: "seq"),
            Tampering(sql: "DELETE FROM events WHERE partition = 0", sequence: 1, field: "seq"),
            Tampering(
                sql: """
                    INSERT INTO events SELECT partition, \(last + 1), kind, key, value, value_salt, value_commitment,
                        value_size, content_type, expires_at, previous_version, reason, principal, gen_random_uuid(),
                        fingerprint, origin, origin_seq, traceparent, issued_at, applied_at, leaf_hash
                    FROM events WHERE partition = 0 AND seq = 3
                    """, sequence: last + 1, field: "seq"),
            Tampering(
                sql: """
                    UPDATE events SET seq = -1 WHERE partition = 0 AND seq = 2;
                    UPDATE events SET seq = 2 WHERE partition = 0 AND seq = 3;
                    UPDATE events SET seq = 3 WHERE partition = 0 AND seq = -1
                    """, sequence: 2, field: "seq", exact: false),
        ]
    }

    private static func standing(_ last: UInt64) -> [Tampering] {
        func partition(_ change: String, _ field: String, at sequence: UInt64) -> Tampering {
            Tampering(
                sql: "UPDATE partitions SET \(change) WHERE partition = 0", sequence: sequence, field: field,
                table: .partitions)
        }
        return [
            partition("seq = seq + 1", "seq", at: last + 1), partition("seq = seq - 1", "seq", at: last),
            partition("tree = set_byte(tree, 0, get_byte(tree, 0) # 1)", "tree", at: 1),
            partition("tree = ''", "tree", at: last), partition("partition = 9", "partition", at: 1),
            partition("last_applied_at = now()", "last_applied_at", at: last),
            Tampering(
                sql: "UPDATE origins SET n = n - 1 WHERE partition = 0", sequence: last, field: "n", table: .origins),
        ]
    }

    private static func projection(_ key: String, version: UInt64) -> [Tampering] {
        func row(_ change: String, _ field: String) -> Tampering {
            Tampering(
                sql: "UPDATE kv SET \(change) WHERE key = '\(key)'", sequence: version, field: field, table: .kv)
        }
        return [
            row("partition = 1", "partition"), row("version = version + 1", "version"),
            row("created_version = created_version + 1", "created_version"), row("value = 'other'", "value"),
            row("content_type = 'text/html'", "content_type"), row("expires_at = now()", "expires_at"),
            row("deleted = NOT deleted", "deleted"),
            row("modified_at = modified_at + interval '1 microsecond'", "modified_at"),
            Tampering(sql: "DELETE FROM kv WHERE key = '\(key)'", sequence: version, field: "key", table: .kv),
            Tampering(
                sql: """
                    INSERT INTO kv SELECT 'key/0 ', partition, version, created_version, value, content_type, expires_at, deleted,
                        modified_at FROM kv WHERE key = '\(key)'
                    """, sequence: version, field: "key", table: .kv),
        ]
    }

    /// An event and its leaf together: the tree tells in which part of the log.
    private static func wholeLeaf(_ log: AuditLog) async throws -> Tampering {
        var event = try #require(
            try await log.source.fold(Partition(0), after: 2, through: 3, values: true, into: [Event]()) {
                events, row in
                events.append(row.event!)
            }.first)
        event.principal = "mallory"
        let leaf = event.computedLeafHash.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        return Tampering(
            sql: "UPDATE events SET principal = 'mallory', leaf_hash = '\\x\(leaf)' WHERE partition = 0 AND seq = 3",
            sequence: 1, field: "tree", table: .partitions)
    }

    @Test("What the projector wrote is right, whatever memory there is, and while it goes on writing")
    func right() async throws {
        let log = try await AuditLog()
        try await log.write(rounds: 0..<4)
        for memory in [256 << 20, 2_000] {
            let report = try await log.verify { $0.memory = memory }
            #expect(report.divergences == [], "\(memory)")
            let events = try database(log, "SELECT count(*) FROM events")
            let rows = try database(log, "SELECT count(*) FROM kv")
            #expect("\(report.events)" == events && "\(report.projected)" == rows)
            #expect(report.events > 60)
        }
        async let writing: Void = log.write(rounds: 4..<30)
        var seen: [UInt64] = []
        for _ in 0..<6 {
            let report = try await log.verify()
            #expect(report.divergences == [])
            seen.append(report.events)
        }
        try await writing
        let whole = try await log.verify()
        #expect(whole.divergences == [] && whole.events > seen[0])
    }

    @Test("Each change by hand is found, and named by partition, sequence and column")
    func tampering() async throws {
        let log = try await AuditLog()
        try await log.write(rounds: 0..<3)
        let sql = try log.database.sql()
        try log.backUp(sql)
        let last = UInt64(try #require(try sql.one("SELECT seq FROM partitions WHERE partition = 0")))!
        let key = log.keys(of: Partition(0))[2].text
        let version = UInt64(try #require(try sql.one("SELECT version FROM kv WHERE key = '\(key)'")))!
        let misplaced = try #require(
            (0...).first { log.cluster.partitioner.partition(of: Key(trusted: "key/\($0) ")).number == 0 })
        var all = Self.eventColumns + Self.rows(last) + Self.standing(last) + Self.projection(key, version: version)
        all.append(try await Self.wholeLeaf(log))
        for index in all.indices { all[index].sql = all[index].sql.replacing("'key/0 '", with: "'key/\(misplaced) '") }
        for tampering in all {
            try sql.run(tampering.sql)
            for memory in [256 << 20, 2_000] {
                let report = try await log.verify { $0.memory = memory }
                let found = report.divergences.first
                #expect(report.divergences.count >= 1, "not found: \(tampering.sql)")
                #expect(found?.partition == Partition(0), "\(tampering.sql): \(report.divergences)")
                #expect(found?.sequence == tampering.sequence, "\(tampering.sql): \(report.divergences)")
                #expect(found?.table == tampering.table, "\(tampering.sql): \(report.divergences)")
                #expect(found?.fields.contains(tampering.field) == true, "\(tampering.sql): \(report.divergences)")
                if tampering.exact {
                    #expect(found?.fields == [tampering.field], "\(tampering.sql): \(report.divergences)")
                }
            }
            try log.restore(sql)
        }
        #expect(try await log.verify().divergences == [])
    }

    @Test("A value and its salt may be gone when an erasure of these versions tells so, and not otherwise")
    func erased() async throws {
        let log = try await AuditLog()
        try await log.write(rounds: 0..<3)
        let key = log.keys(of: Partition(0))[0]
        let versions = try log.puts(of: key)
        #expect(versions.count == 3)
        func found() async throws -> [Divergence] {
            let found = try await log.verify().divergences
            #expect(try await log.verify { $0.memory = 2_000 }.divergences == found)
            return found
        }
        try await log.erase(key, Erasure(reason: "asked", first: versions[1], last: versions[1]), n: 1)
        #expect(try await found() == [])
        for version in [versions[0], versions[1] - 1] {
            try log.database.sql().run(
                "UPDATE events SET value = NULL, value_salt = NULL WHERE partition = 0 AND seq = \(version)")
        }
        let wrong = try await found()
        #expect(wrong.map(\.sequence) == [versions[0]])
        #expect(wrong.map(\.fields) == [["value", "value_salt"]])
        try await log.erase(key, Erasure(reason: "asked"), n: 2)
        #expect(try await found().map(\.sequence) == [versions[1] - 1])
    }

    @Test("An erasure while the log is read is no divergence", arguments: [256 << 20, 2_000])
    func erasedMeanwhile(memory: Int) async throws {
        let log = try await AuditLog()
        try await log.write(rounds: 0..<3)
        let key = log.keys(of: Partition(0))[0]
        let last = try #require(try log.puts(of: key).dropLast().last)
        var options = VerificationOptions()
        options.memory = memory
        let report = try await Verification(
            MeanwhileSource(source: log.source) {
                try await log.erase(key, Erasure(reason: "asked", first: 1, last: last), n: 1)
            }, partitioner: log.cluster.partitioner, options: options
        ).run()
        #expect(try log.database.sql().one("SELECT count(*) FROM events WHERE kind = 'erased'") == "1")
        #expect(report.divergences == [])
    }

    @Test("From a checkpoint on, only what came since is verified, and all of that")
    func since() async throws {
        let log = try await AuditLog()
        try await log.write(rounds: 0..<4)
        let signer = try NoteSigner(newNamed: "test")
        let file = try await log.checkpoints(signer).map(\.note.encoded).joined(separator: "\n")
        let checkpoints = try Checkpoint.parse(file, verifier: signer.verifier)
        try await log.write(rounds: 4..<7)
        let trees = Dictionary(uniqueKeysWithValues: checkpoints.map { ($0.partition, $0.tree) })
        let before = checkpoints.reduce(0) { $0 + $1.tree.size }
        let whole = try await log.verify()
        for memory in [256 << 20, 2_000] {
            let report = try await log.verify {
                $0.since = trees
                $0.memory = memory
            }
            #expect(report.divergences == [])
            #expect(report.events == whole.events - before)
            #expect(report.projected < whole.projected)
        }
        // Changed before the checkpoint: not looked at again. After it: found.
        let sql = try log.database.sql()
        try log.backUp(sql)
        let first = checkpoints[0].tree.size + 2
        for (change, expected) in [
            ("UPDATE events SET principal = 'm' WHERE partition = 0 AND seq = 2", nil),
            ("UPDATE events SET principal = 'm' WHERE partition = 0 AND seq = \(first)", first),
            (
                "UPDATE kv SET value = 'm' WHERE version = (SELECT max(version) FROM kv WHERE partition = 0) AND partition = 0",
                UInt64(try #require(try sql.one("SELECT max(version) FROM kv WHERE partition = 0")))!
            ),
            ("DELETE FROM events WHERE partition = 0 AND seq > 4", 5),
        ] as [(String, UInt64?)] {
            try sql.run(change)
            let report = try await log.verify { $0.since = trees }
            if change.hasPrefix("DELETE") {
                #expect(report.divergences.first?.sequence == checkpoints[0].tree.size + 1, "\(report.divergences)")
            } else {
                #expect(report.divergences.first?.sequence == expected, "\(change): \(report.divergences)")
            }
            try log.restore(sql)
        }
    }

    @Test(
        "A history written anew, every hash of it right, is told apart by a checkpoint signed before, and so is one cut off"
    )
    func rewritten() async throws {
        let log = try await AuditLog()
        try await log.write(rounds: 0..<3)
        let signer = try NoteSigner(newNamed: "test")
        let checkpoints = try await log.checkpoints(signer)
        let anchors = Dictionary(uniqueKeysWithValues: checkpoints.map { ($0.partition, $0.head) })
        let trees = Dictionary(uniqueKeysWithValues: checkpoints.map { ($0.partition, $0.tree) })
        #expect(try await log.verify { $0.anchors = anchors }.divergences == [])
        let sql = try log.database.sql()
        func empty() throws {
            try sql.run(
                """
                TRUNCATE events; TRUNCATE kv; TRUNCATE origins;
                UPDATE partitions SET seq = 0, tree = '', last_applied_at = '1970-01-01 00:00:00+00'
                """)
        }
        try empty()
        try await log.write(rounds: 0..<3, value: "another")
        #expect(try await log.verify().divergences == [])
        let rewritten = try await log.verify { $0.anchors = anchors }
        #expect(rewritten.divergences.map(\.table) == [.checkpoint, .checkpoint])
        #expect(try await log.verify { $0.since = trees }.divergences.count == 2)
        let prover = Prover(log.source)
        let event = try #require(
            try await log.source.fold(Partition(0), after: 0, through: 3, values: true, into: [Event]()) {
                events, row in
                events.append(row.event!)
            }.last)
        await #expect(throws: Divergence.self) { try await prover.inclusion(of: event, in: checkpoints[0]) }
        let later = try await log.checkpoints(signer)
        await #expect(throws: Divergence.self) { try await prover.consistency(from: checkpoints[0], to: later[0]) }

        try empty()
        try await log.write(rounds: 0..<2)
        #expect(try await log.verify().divergences == [])
        let cut = try await log.verify { $0.anchors = anchors }
        #expect(cut.divergences.count == 2)
        #expect(try await log.verify { $0.since = trees }.divergences.count == 2)
    }

    @Test("Proofs from the database hold without it, and for nothing else")
    func proofs() async throws {
        let log = try await AuditLog()
        try await log.write(rounds: 0..<3)
        let signer = try NoteSigner(newNamed: "test")
        let old = try await log.checkpoints(signer)
        try await log.write(rounds: 3..<5)
        let new = try await log.checkpoints(signer)
        let prover = Prover(log.source)
        let events = try await log.source.fold(
            Partition(1), after: 0, through: old[1].tree.size, values: true, into: [Event]()
        ) { $0.append($1.event!) }
        for event in events {
            for checkpoint in [old[1], new[1]] {
                let proof = try InclusionProof(try await prover.inclusion(of: event, in: checkpoint).encoded)
                let verified = try #require(try proof.verified(by: signer.verifier))
                #expect(verified.event.key == event.key && verified.event.leafHash == event.leafHash)
            }
        }
        for (old, new) in zip(old, new) {
            let proof = try await prover.consistency(from: old, to: new)
            #expect(try proof.verified(by: signer.verifier) != nil)
            var damaged = proof
            damaged.hashes.removeLast()
            #expect(try damaged.verified(by: signer.verifier) == nil)
            await #expect(throws: MalformedNote.self) {
                try proof.verified(by: try NoteSigner(newNamed: "test").verifier)
            }
        }
    }

    private func database(_ log: AuditLog, _ query: String) throws -> String? { try log.database.sql().one(query) }
}
