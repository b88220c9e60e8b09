import EventLog
import Foundation
import Testing

@Suite("Bringing values back into a live Tidemark", .timeLimit(.minutes(2)))
struct UndeleteTests {
    @Test("A value comes back by undelete, or by a replay of the moment when it was there")
    func comesBack() async throws {
        let cluster = try await TestCluster(partitions: 2)
        try await cluster.withProjector { _ in
            try await cluster.withGateway { gateway in
                let tool = try ToolFolder([
                    "TIDEMARK_URL": gateway.url, "TIDEMARK_DATABASE_URL": cluster.database.connectionString,
                    "TIDEMARK_LOG_LEVEL": "critical",
                ])
                _ = try await tool.run("put", "colour", "blue", "--wait", "20")
                _ = try await tool.run("put", "colour", "green", "--wait", "20")
                _ = await tool.fails("undelete", "colour", code: 4)
                let moment = try await tool.run("history", "colour", "--output", "json").split(separator: "\n").last.map
                {
                    try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
                }
                let time = try #require(moment??["time"] as? String)
                _ = try await tool.run("delete", "colour", "--wait", "20")
                #expect(try await tool.run("undelete", "colour", "--wait", "20").hasPrefix("created version "))
                #expect(try await tool.run("get", "colour") == "green")
                _ = try await tool.run("undelete", "colour", "--version", "1", "--wait", "20")
                let kinds = try await tool.run("history", "colour").split(separator: "\n").map {
                    $0.split(separator: "\t")[1]
                }
                #expect(kinds == ["put", "put", "deleted", "put", "put"])
                _ = await tool.fails("undelete", "nothing", code: 3)
                _ = await tool.fails("undelete", "colour", "--version", "3", code: 3)

                _ = try await tool.run("replay", "--at", time, "--into", gateway.url)
                #expect(try await tool.run("get", "colour") == "green")
                #expect(try await tool.run("audit", "verify").hasPrefix("RIGHT: "))
            }
        }
    }
}
