import Audit
import Commands
import EventLog
import Foundation
import Testing

@testable import Retention

@Suite("The archive")
struct RetentionTestsArchive {
    private static let wait = ["Prefer": "wait=20"]

    private func folder() -> URL {
        TestServers.directory.appendingPathComponent("archive-\(UUID().uuidString.prefix(8))")
    }

    /// Everything that the gateway says about the past of a key.
    private func past(_ gateway: TestGateway, _ key: String) async throws -> [String] {
        var answers = [try await HTTP.send(.get, gateway.url + "/v1/history/\(key)?values=true").text]
        for event in try await gateway.history(key) {
            let version = event["version"] as? Int ?? 0
            let time = event["time"] as? String ?? ""
            for query in ["version=\(version)", "at=\(time)"] {
                let answer = try await gateway.get("\(key)?\(query)")
                answers.append("\(query): \(answer.status) \(answer.headers["content-type"] ?? "") \(answer.text)")
            }
        }
        return answers
    }

    private func now() -> Timestamp { SystemWallClock().now() }

    @Test(
        "Archived values leave the log, and histories, past versions, trees and idempotent retries are what they were")
    func archive() async throws {
        let cluster = try await TestCluster(partitions: 2)
        let directory = folder()
        let archive = Archive(directory, cluster: cluster.description.id)
        let sql = try SQL(cluster.database.connectionString)
        try await cluster.withOperator { tool in
            let reader = ArchiveReader(store: tool.store, archive: archive, logger: TestCluster.quiet)
            try await cluster.withProjector { _ in
                try await cluster.withGateway(archive: reader) { gateway in
                    try await cluster.withGateway { blind in
                        for value in ["one", "two", "three"] {
                            _ = try await gateway.put("a", value, Self.wait.with("Content-Type", "text/plain"))
                        }
                        _ = try await gateway.put("a", "never", Self.wait.with("If-None-Match", "*"))
                        let once = Self.wait.with("Idempotency-Key", "x")
                        let first = try await gateway.put("b", "gone", once)
                        _ = try await gateway.delete("b", Self.wait)
                        _ = try await gateway.put("c", "stays", Self.wait)
                        let before = [try await past(gateway, "a"), try await past(gateway, "b")]

                        var limits = Archiver.Limits()
                        limits.eventsInFile = 2
                        let archiver = Archiver(store: tool.store, archive: archive, limits: limits)
                        let lock = try await archiver.begin()
                        var files = 0
                        for partition in cluster.description.partitioner.partitions {
                            files += try await archiver.archive(partition, before: now()).files
                        }
                        #expect(files >= 4)
                        let left = try sql.run(
                            "SELECT key, convert_from(value, 'UTF8') FROM events WHERE value IS NOT NULL ORDER BY key")
                        #expect(left == [["a", "three"], ["c", "stays"]], "what the keys hold")
                        #expect(try await [past(gateway, "a"), past(gateway, "b")] == before)
                        #expect(try await gateway.get("a").text == "three")
                        #expect(try await tool.divergences() == [])

                        #expect(try await tool.divergences(archive: archive) == [], "with every value")
                        try sql.run("UPDATE events SET value = NULL WHERE key = 'c'")
                        #expect(try await tool.divergences(archive: archive).count == 0, "it is in the archive")
                        try sql.run("UPDATE events SET value = 'stays' WHERE key = 'c'")
                        _ = try await gateway.put("d", "fresh", Self.wait)
                        try sql.run("UPDATE events SET value = NULL WHERE key = 'd'")
                        #expect(try await tool.divergences().map(\.fields) == [["value"]], "and this one is not")
                        try sql.run("UPDATE events SET value = 'fresh' WHERE key = 'd'")

                        let gone = try await blind.get(
                            "a?version=\(try await blind.history("a")[0]["version"] as? Int ?? 0)")
                        #expect(gone.status == 410 && gone.json["type"] as? String == "/problems/value-archived")
                        let history = try await HTTP.send(.get, blind.url + "/v1/history/a?values=true")
                        let events = history.json["events"] as? [[String: Any]] ?? []
                        #expect(events.map { $0["archived"] as? Bool } == [true, true, nil, nil])

                        let again = try await gateway.put("b", "gone", once)
                        #expect(again.json["command"] as? String == first.json["command"] as? String)
                        #expect(try await gateway.history("b").count == 2, "applied once, archived or not")

                        // What was a key's present value leaves with the next run.
                        _ = try await gateway.put("a", "four", Self.wait)
                        for partition in cluster.description.partitioner.partitions {
                            _ = try await archiver.archive(partition, before: now())
                        }
                        #expect(
                            try sql.run("SELECT key FROM events WHERE value IS NOT NULL ORDER BY key") == [
                                ["a"], ["c"], ["d"],
                            ])
                        #expect(try await past(gateway, "a").contains { $0.hasSuffix("200 text/plain three") })

                        withExtendedLifetime(lock) {}
                        // A file that was tampered with is not believed.
                        let entry = try #require(try await tool.store.archives().first)
                        let url = directory.appendingPathComponent(entry.file)
                        var bytes = try Data(contentsOf: url)
                        bytes[bytes.count / 2] ^= 1
                        try bytes.write(to: url)
                        #expect(throws: RetentionError.self) { try archive.read(entry) { _ in } }
                    }
                }
            }
        }
        try? FileManager.default.removeItem(at: directory)
    }

    @Test("A run that died before or after its file counted is completed by the next, and nothing is lost")
    func crashes() async throws {
        let cluster = try await TestCluster(partitions: 1)
        let directory = folder()
        let archive = Archive(directory, cluster: cluster.description.id)
        let partition = Partition(0)
        let sql = try SQL(cluster.database.connectionString)
        func count() throws -> String? { try sql.one("SELECT count(*) FROM events WHERE value IS NOT NULL") }
        try await cluster.withOperator { tool in
            try await cluster.withProjector { _ in
                try await cluster.withGateway { gateway in
                    for number in 1...4 { _ = try await gateway.put("k", "\(number)", Self.wait) }
                }
            }
            let events = try await tool.store.events(in: partition, after: 0, limit: 100, valueBytes: 1 << 20)
            try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
            // Died while it wrote, and with a whole file that the database doesn't know.
            let stray = try archive.write(Array(events[0..<3]), after: MerkleFrontier(), revision: 7)
            let partial = directory.appendingPathComponent(stray.file + ".partial")
            try Data("half".utf8).write(to: partial)
            // Died with a file that counts, before the values left.
            let counted = try archive.write(Array(events[0..<2]), after: MerkleFrontier())
            #expect(try await tool.store.register(counted))
            #expect(try count() == "4")

            let archiver = Archiver(store: tool.store, archive: archive)
            let lock = try await archiver.begin()
            #expect(!FileManager.default.fileExists(atPath: partial.path))
            #expect(!FileManager.default.fileExists(atPath: directory.appendingPathComponent(stray.file).path))
            let report = try await archiver.archive(partition, before: now())
            #expect(report == Archiver.Report(partition: partition, files: 1, events: 2, values: 3, last: 4))
            #expect(try count() == "1", "the present value")
            let reader = ArchiveReader(store: tool.store, archive: archive, logger: TestCluster.quiet)
            var archived: [Event] = []
            for entry in try await reader.files(of: partition) { archived += try await reader.events(of: entry) }
            #expect(archived == events)
            #expect(
                try await archiver.archive(partition, before: now())
                    == Archiver.Report(partition: partition, last: 4), "nothing is left to do")
            // Another run at the same time is refused.
            await #expect(throws: RetentionError.self) {
                _ = try await Archiver(store: tool.store, archive: archive).begin()
            }
            withExtendedLifetime(lock) {}
        }
        try? FileManager.default.removeItem(at: directory)
    }

    @Test("An erasure takes values out of the archive too, also after it died between the log and the archive")
    func erasure() async throws {
        let cluster = try await TestCluster(partitions: 1)
        let directory = folder()
        let key = try Key("person")
        func traces() throws -> Int {
            try FileManager.default.contentsOfDirectory(atPath: directory.path).filter { $0.hasSuffix(".gz") }.reduce(0)
            {
                let reader = try RecordReader(directory.appendingPathComponent($1))
                var found = 0
                while let line = try reader.next() {
                    if String(decoding: line, as: UTF8.self).contains(
                        Data("secret".utf8).base64EncodedString().prefix(6))
                    {
                        found += 1
                    }
                }
                return $0 + found
            }
        }
        try await cluster.withOperator { tool in
            try await cluster.withProjector { _ in
                try await cluster.withGateway { gateway in
                    for key in ["person", "other", "person"] { _ = try await gateway.put(key, "secret", Self.wait) }
                    _ = try await gateway.put("other", "public", Self.wait)
                    func archive() -> Archive { Archive(directory, cluster: cluster.description.id) }
                    try await archived(tool, Archiver(store: tool.store, archive: archive()))
                    #expect(try traces() == 3)

                    await #expect(throws: RetentionError.self, "without the directory nothing is done") {
                        _ = try await tool.eraser().erase(key, Erasure(reason: "r"))
                    }
                    #expect(try await gateway.get("person").status == 200)

                    // Died after the log: the archive still has the values, and the log says nothing of them.
                    _ = try await tool.eraser().eraseInLog(key, Erasure(reason: "r"))
                    #expect(try traces() == 3)
                    // Died again, after the new file was written and before the database named it.
                    let entry = try #require(try await tool.store.archives().first)
                    let (anew, _) = try #require(try archive().rewrite(entry) { $0.key == key })
                    #expect(anew.file != entry.file)

                    let report = try await tool.eraser(archive: archive()).erase(key, Erasure(reason: "r"))
                    #expect(report.archivedValues == 2 && report.record == nil, "\(report)")
                    #expect(try traces() == 1, "the other key's")
                    #expect(
                        try FileManager.default.contentsOfDirectory(atPath: directory.path).count == 2, "and the lock")
                    #expect(try await tool.divergences() == [])
                    let kept = try #require(try await tool.store.archives().first)
                    var events: [Event] = []
                    try archive().read(kept) { events.append($0) }
                    #expect(events.map(\.isErased) == [true, false, true, false])
                }
            }
        }
        try? FileManager.default.removeItem(at: directory)
    }

    private func archived(_ tool: TestOperator, _ archiver: Archiver) async throws {
        let lock = try await archiver.begin()
        _ = try await archiver.archive(Partition(0), before: now())
        withExtendedLifetime(lock) {}
    }
}
