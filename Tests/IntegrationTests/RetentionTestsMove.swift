import Audit
import Commands
import EventLog
import Foundation
import Testing

@testable import Retention

@Suite("Moving a store")
struct RetentionTestsMove {
    private static let wait = ["Prefer": "wait=20"]

    private struct Interrupted: Error {}

    private func lines(_ file: URL) throws -> [String] {
        let reader = try RecordReader(file)
        var lines: [String] = []
        while let line = try reader.next() { lines.append(String(decoding: line, as: UTF8.self)) }
        return lines
    }

    /// The content of a table, row by row.
    private func rows(_ table: String, of database: PostgresConfiguration) throws -> [[String?]] {
        try SQL(database.connectionString).run("SELECT t::text FROM \(table) AS t ORDER BY 1")
    }

    @Test(
        "A store goes to another database with its history: rows, trees and identity are the same, and it goes on from there"
    )
    func move() async throws {
        let source = try await TestCluster(partitions: 3)
        var target = try await TestCluster(partitions: 3)
        let folder = TestServers.directory.appendingPathComponent("move-\(UUID().uuidString.prefix(8))")
        let archive = Archive(folder, cluster: source.description.id)
        let file = TestServers.directory.appendingPathComponent("\(source.name).ndjson.gz")
        let second = TestServers.directory.appendingPathComponent("\(source.name)-2.ndjson.gz")
        let once = Self.wait.with("Idempotency-Key", "order")
        var command: String?
        try await source.withOperator { tool in
            try await source.withProjector { _ in
                try await source.withGateway { gateway in
                    for number in 1...20 { _ = try await gateway.put("k\(number % 7)", "v\(number)", Self.wait) }
                    command = try await gateway.put("idempotent", "1", once).json["command"] as? String
                    _ = try await gateway.put("k1", "refused", Self.wait.with("If-None-Match", "*"))
                    _ = try await gateway.put("leased", "x", Self.wait.with("Tidemark-TTL", "86400"))
                    _ = try await gateway.delete("k2", Self.wait)
                    _ = try await gateway.put("k2", "again", Self.wait)
                    _ = try await gateway.delete("k3", Self.wait)
                    #expect(try await tool.eraser().erase(try Key("k4"), Erasure(reason: "asked")).values == 3)
                }
            }
            let events = try await HistoryExport(store: tool.store, cluster: source.description, archive: nil)
                .run(to: file)
            #expect(String(events) == (try SQL(source.database.connectionString).one("SELECT count(*) FROM events")))

            // With the values in the archive it is the same file.
            let archiver = Archiver(store: tool.store, archive: archive)
            let lock = try await archiver.begin()
            let now = SystemWallClock().now()
            for partition in source.description.partitioner.partitions {
                _ = try await archiver.archive(partition, before: now)
            }
            withExtendedLifetime(lock) {}
            await #expect(throws: RetentionError.self, "values are missing") {
                _ = try await HistoryExport(store: tool.store, cluster: source.description, archive: nil).run(
                    to: second)
            }
            let reader = ArchiveReader(store: tool.store, archive: archive, logger: TestCluster.quiet)
            _ = try await HistoryExport(store: tool.store, cluster: source.description, archive: reader).run(to: second)
            #expect(try lines(second) == lines(file))
        }

        await #expect(throws: Interrupted.self) {
            _ = try await HistoryImport(file, database: target.database).run { _ in throw Interrupted() }
        }
        #expect(try rows("events", of: target.database).count > 0, "a part of it is there")
        _ = try await HistoryImport(file, database: target.database).run()
        #expect(try await HistoryImport(file, database: target.database).run() > 0, "once more changes nothing")

        for table in ["kv", "(SELECT partition, seq, tree, last_applied_at FROM partitions)"] {
            #expect(try rows(table, of: target.database) == rows(table, of: source.database), "\(table)")
        }
        let without =
            "(SELECT partition, seq, kind, key, value_salt, value_commitment, principal, command_id, origin, origin_seq, issued_at, applied_at, leaf_hash FROM events)"
        #expect(try rows(without, of: target.database) == rows(without, of: source.database))
        let moved = try await ClusterDescription.load(target.database)
        #expect(moved.id == source.description.id && moved.secret == source.description.secret)

        target.description = moved
        try await target.withOperator { tool in
            #expect(try await tool.divergences() == [])
            #expect(
                try SQL(target.database.connectionString).one(
                    "SELECT count(*) FROM events WHERE kind = 'put' AND value IS NULL") == "3", "the erased ones")
            try await target.withProjector { _ in
                try await target.withGateway { gateway in
                    #expect(try await gateway.get("k6").text == "v20")
                    let again = try await gateway.put("idempotent", "1", once)
                    #expect(again.json["command"] as? String == command)
                    #expect(try await gateway.history("idempotent").count == 1, "the retry is the same command here")
                    let location = "/v1/commands/\(command ?? "")"
                    #expect(try await HTTP.send(.get, gateway.url + location).json["status"] as? String == "applied")
                    #expect(try await gateway.put("k6", "on", Self.wait).status == 200)
                    #expect(try await tool.divergences() == [])
                }
            }
        }

        let other = try await TestCluster(partitions: 3)
        try await other.withProjector { _ in
            try await other.withGateway { _ = try await $0.put("mine", "1", Self.wait) }
        }
        await #expect(throws: RetentionError.self, "another store is not overwritten") {
            _ = try await HistoryImport(file, database: other.database).run()
        }
        #expect(try rows("events", of: other.database).count == 1)
        try? FileManager.default.removeItem(at: folder)
    }

    @Test("A damaged or foreign file is refused before anything is written", arguments: [0.3, 0.99])
    func damaged(at place: Double) async throws {
        let source = try await TestCluster(partitions: 1)
        let target = try await TestCluster(partitions: 1)
        let file = TestServers.directory.appendingPathComponent("\(source.name)-damaged.ndjson.gz")
        try await source.withOperator { tool in
            try await source.withProjector { _ in
                try await source.withGateway {
                    for number in 1...5 { _ = try await $0.put("k\(number)", "v", Self.wait) }
                }
            }
            _ = try await HistoryExport(store: tool.store, cluster: source.description, archive: nil).run(to: file)
        }
        let bytes = try Data(contentsOf: file)
        try bytes.prefix(Int(Double(bytes.count) * place)).write(to: file)
        await #expect(throws: (any Error).self) { _ = try await HistoryImport(file, database: target.database).run() }
        #expect(try rows("events", of: target.database).isEmpty)
    }
}
