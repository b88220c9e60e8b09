import EventLog
import Foundation
import LocalStack
import Testing

@Suite("Bringing values back into a live Tidemark", .timeLimit(.minutes(2)))
struct UndeleteTests {
    @Test("A value comes back by undelete, or by a replay of the moment when it was there")
    func comesBack() async throws {
        let cluster = try await TestCluster(partitions: 2)
        let folder = TestServers.directory.appendingPathComponent("undelete-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try await cluster.withProjector { _ in
            try await cluster.withGateway { gateway in
                let environment = ProcessDescription.minimalEnvironment(home: folder).merging([
                    "TIDEMARK_URL": gateway.url, "TIDEMARK_DATABASE_URL": cluster.database.connectionString,
                    "TIDEMARK_LOG_LEVEL": "critical",
                ]) { $1 }
                func run(_ arguments: String...) async throws -> String {
                    try await OneShot.run(DevProcess.executable, arguments, environment: environment, in: folder)
                }
                func refused(_ arguments: String...) async -> String {
                    do {
                        return try await OneShot.run(
                            DevProcess.executable, arguments, environment: environment, in: folder)
                    } catch {
                        return "\(error)"
                    }
                }
                _ = try await run("put", "colour", "blue", "--wait", "20")
                _ = try await run("put", "colour", "green", "--wait", "20")
                #expect(await refused("undelete", "colour").contains("code 4"))
                let moment = try await run("history", "colour", "--output", "json").split(separator: "\n").last.map {
                    try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
                }
                let time = try #require(moment??["time"] as? String)
                _ = try await run("delete", "colour", "--wait", "20")
                #expect(try await run("undelete", "colour", "--wait", "20").hasPrefix("created version "))
                #expect(try await run("get", "colour") == "green")
                _ = try await run("undelete", "colour", "--version", "1", "--wait", "20")
                let kinds = try await run("history", "colour").split(separator: "\n").map {
                    $0.split(separator: "\t")[1]
                }
                #expect(kinds == ["put", "put", "deleted", "put", "put"])
                #expect(await refused("undelete", "nothing").contains("code 3"))
                #expect(await refused("undelete", "colour", "--version", "3").contains("code 3"))

                _ = try await run("replay", "--at", time, "--into", gateway.url)
                #expect(try await run("get", "colour") == "green")
                #expect(try await run("audit", "verify").hasPrefix("RIGHT: "))
            }
        }
    }
}
