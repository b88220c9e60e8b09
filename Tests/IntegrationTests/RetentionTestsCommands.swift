import Commands
import EventLog
import Foundation
import LocalStack
import Testing

@Suite("Retention from the command line")
struct RetentionTestsCommands {
    @Test(
        "Archived values are replayed, compared and verified; a damaged archive is named; erased, exported and imported, all verifies"
    )
    func story() async throws {
        let cluster = try await TestCluster(partitions: 2)
        var tool = try ToolFolder([
            "TIDEMARK_DATABASE_URL": cluster.database.connectionString,
            "TIDEMARK_AMQP_URL": try await TestServers.rabbitMQ.value.url, "TIDEMARK_NAMESPACE": cluster.name,
        ])
        func moment() async throws -> String {
            let now = SystemWallClock().now()
            try await eventually("a later moment", state: { SystemWallClock().now() }) { $0 > now + .milliseconds(2) }
            return now.rfc3339
        }

        try await cluster.withProjector { _ in
            try await cluster.withGateway { gateway in
                func write(_ round: Int) async throws {
                    for key in ["a", "b/1", "b/2", "c"] {
                        #expect(
                            [200, 201].contains(
                                try await gateway.put(key, "\(key) \(round)", ["Prefer": "wait=20"]).status))
                    }
                }
                try await write(1)
                let first = try await moment()
                try await write(2)
                let second = try await moment()
                try await write(3)
                let end = try await moment()

                func states() async throws -> [String] {
                    var states: [String] = []
                    for time in [first, second] {
                        for prefix in ["", "b/"] {
                            let lines = try await tool.run("replay", "--at", time, "--prefix", prefix, "--into", "-")
                            states.append(
                                lines.split(separator: "\n").filter { $0.hasPrefix("{") }.sorted().joined(
                                    separator: "\n"))
                        }
                    }
                    states.append(
                        try await tool.run("audit", "diff", "--from", first, "--to", second, "--prefix", "b/"))
                    return states
                }
                let before = try await states()
                #expect(before[0].contains("b/1 1") && before[2].contains("a 2") && !before[1].contains("a 1"))
                #expect(before[4].split(separator: "\n").count == 2 && !before[4].contains("~ a"), "\(before[4])")

                let archived = try await tool.run("audit", "archive", "--before", end, "--to", "archive")
                #expect(archived.contains("values left the log"), "\(archived)")
                _ = await tool.fails("replay", "--at", first, "--into", "-", code: 1)
                tool.environment["TIDEMARK_ARCHIVE_DIRECTORY"] = tool.url.appendingPathComponent("archive").path
                #expect(try await states() == before)
                #expect(try await tool.run("audit", "verify").hasPrefix("RIGHT: "))

                try await damages(tool.url.appendingPathComponent("archive")) { file in
                    let failure = await tool.fails("audit", "verify", code: 1)
                    #expect(failure.contains(file), "\(failure)")
                }
                #expect(try await tool.run("audit", "verify").hasPrefix("RIGHT: "))

                #expect(try await tool.run("erase", "a", "--reason", "asked", "--yes").contains("3 values"))
                #expect(
                    try await tool.run("erase", "--prefix", "b/", "--reason", "asked", "--yes").contains(
                        "b/2: 3 values"))
                _ = await tool.fails("erase", "nobody", "--reason", "asked", "--yes", code: 3)
                _ = await tool.fails("erase", "c", "--reason", "versions 1 to 2: x", "--yes", code: 2)
                #expect(try await gateway.get("a").status == 404)
                #expect(try await gateway.get("c").text == "c 3")
                let left = try await states()
                #expect(!left.joined().contains("a 2") && !left.joined().contains("b/1 1") && left[2].contains("c 2"))
                #expect(try await tool.run("audit", "verify").hasPrefix("RIGHT: "))

                _ = try await tool.run("export", "--history", "store.gz")
                let exported = try Data(contentsOf: tool.url.appendingPathComponent("store.gz"))
                let archive = tool.environment.removeValue(forKey: "TIDEMARK_ARCHIVE_DIRECTORY")
                _ = await tool.fails("export", "--history", "store.gz", code: 1)
                tool.environment["TIDEMARK_ARCHIVE_DIRECTORY"] = archive
                #expect(try Data(contentsOf: tool.url.appendingPathComponent("store.gz")) == exported)
                #expect(
                    try FileManager.default.contentsOfDirectory(atPath: tool.url.path).contains {
                        $0.hasSuffix("partial")
                    } == false)
                let other = try await TestDatabase()
                tool.environment["TIDEMARK_DATABASE_URL"] = other.url
                _ = try await tool.run("import", "--history", "store.gz")
                #expect(try await tool.run("audit", "verify").hasPrefix("RIGHT: "))
                #expect(
                    try other.sql().one("SELECT count(*) FROM events")
                        == SQL(cluster.database.connectionString).one("SELECT count(*) FROM events"))
            }
        }
    }

    /// Lends the archive with one file damaged in the middle, then without it, and puts it back.
    private func damages(_ archive: URL, _ body: (String) async throws -> Void) async throws {
        let paths = try #require(FileManager.default.enumerator(atPath: archive.path)?.allObjects as? [String])
        let files = try paths.map { archive.appendingPathComponent($0) }
            .filter { try $0.resourceValues(forKeys: [.fileSizeKey]).fileSize ?? 0 > 100 }
        let file = try #require(files.first)
        let whole = try Data(contentsOf: file)
        var changed = whole
        changed[changed.count / 2] ^= 1
        try changed.write(to: file)
        try await body(file.lastPathComponent)
        try FileManager.default.removeItem(at: file)
        try await body(file.lastPathComponent)
        try whole.write(to: file)
    }
}
