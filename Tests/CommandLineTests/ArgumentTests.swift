import ArgumentParser
import Testing

@testable import tidemark

@Suite struct ArgumentTests {
    private static let id = "01936c1e-7a2b-7000-8f3a-5d2c9b1e4a60"

    @Test(
        "Wrong usage is found before anything is sent",
        arguments: [
            ["put", ""], ["put", "k", "v", "--ttl", "0"], ["put", "k", "v", "--wait", "61"],
            ["put", "k", "v", "--if-match", "x"], ["put", "k", "v", "--if-match", "1", "--if-none-match", "*"],
            ["get", "k", "--version", "1", "--at", "2026-01-01T00:00:00Z"], ["get", "k", "--url", "ftp://x"],
            ["get", "k", "--url", ""], ["get", "k", "--consistency", "strong"], ["list", "--limit", "0"],
            ["import", "f", "--in-flight", "0"], ["import", "-", "--state", "f"], ["bench", "g"],
            ["bench", "a", "--rate", "0"], ["history", "k", "--values"], ["nonsense"],
            ["check", "--seconds", "0"], ["check", "--judge-only"], ["check", "--url", "ftp://x"],
            ["check", "--judge-only", "--history", "f", "--url", "http://x"], ["check", "--workload", "x"],
            ["keys", "create", "shop"], ["keys", "create", "shop", "--verb", "read"],
            ["keys", "create", "a b", "--verb", "read", "--all-keys"],
            ["keys", "create", "shop", "--verb", "fly", "--all-keys"],
            ["keys", "create", "shop", "--verb", "read", "--prefix", ""],
            ["keys", "create", "shop", "--verb", "read", "--prefix", "a", "--all-keys"],
            ["keys", "create", "shop", "--verb", "read", "--all-keys", "--expires", "soon"],
            ["keys", "create", "shop", "--verb", "read", "--all-keys", "--rate", "0"], ["keys", "revoke"],
            ["watch", "--values"], ["dead", "show", "x"], ["dead", "retry"], ["dead", "drop", Self.id],
            ["dead", "retry", Self.id, "--all"],
            ["erase", "k", "--yes"], ["erase", "--reason", "r", "--yes"], ["erase", "k", "--reason", "", "--yes"],
            ["erase", "k", "--prefix", "p", "--reason", "r", "--yes"],
            ["erase", "--prefix", "", "--reason", "r", "--yes"],
            ["erase", "--prefix", "p", "--versions", "1", "--reason", "r", "--yes"], ["archive"],
            ["archive", "--before", "yesterday"], ["archive", "--before", "9999-01-01T00:00:00Z"],
            ["archive", "--before", "2026-01-01T00:00:00Z", "--older-than", "1"],
            ["export", "--history", "f", "--prefix", "p"], ["import", "-", "--history"],
            ["autoscaler", "simulate", "no-such-trace"], ["autoscaler", "simulate", "--policy", "best"],
            ["autoscaler", "simulate", "--minimum", "3", "--maximum", "2"],
            ["autoscaler", "simulate", "--plot", "f"], ["autoscaler", "simulate", "--steps", "--output", "csv"],
        ])
    func wrong(arguments: [String]) {
        let error = #expect(throws: (any Error).self) { try Tools.parseAsRoot(arguments) }
        if let error { #expect(tidemark.ExitStatus(parserCode: Tools.exitCode(for: error)) == .wrongUsage) }
    }

    @Test(
        "Right usage is understood",
        arguments: [
            ["put", "k", "-"], ["put", "k"], ["put", "a/b", "v", "--if-match", "*", "--wait", "0"],
            ["get", "k", "--at", "2026-01-01T00:00:00Z"], ["get", "k", "--url", "http://a:1,https://b"],
            ["list", "p/", "--values", "--output", "json"], ["status", "x", "--wait", "100"], ["batch", "-"],
            ["import", "-"], ["export", "--prefix", "p"], ["bench", "f", "--rate", "10"], ["delete", "k"],
            ["keys", "create", "shop", "--verb", "read", "--verb", "write", "--prefix", "a/", "--expires", "90d"],
            ["keys", "create", "scraper", "--verb", "audit", "--no-keys", "--rate", "5"], ["keys", "list"],
            ["keys", "create", "ops", "--verb", "admin", "--all-keys", "--token-file", "f"],
            ["probe", "http://a/readyz"],
            ["get", "k", "--ca-file", "f"], ["check", "--ca-file", "f"],
            ["check", "--url", "http://a:1", "--url", "http://b:2,http://c:3"], ["check", "--workload", "list"],
            ["check", "--history", "f", "--judge-only", "--output", "json"],
            ["watch"],
            ["watch", "p/", "--after", "beginning", "--values", "--output", "json", "--state", "f"],
            ["dead", "list", "--prefix", "p"], ["dead", "retry", "--all"],
            ["dead", "drop", Self.id, "--reason", "spam"],
            ["erase", "k", "--reason", "r", "--versions", "3..", "--yes"],
            ["erase", "--prefix", "p", "--reason", "r", "-y", "--archive", "d"], ["archive", "--older-than", "0.5"],
            ["archive", "--before", "2026-01-01T00:00:00Z", "--to", "d"], ["export", "--history", "f"],
            ["import", "f", "--history", "--database-url", "postgresql://x/y"],
            ["autoscaler", "simulate"], ["autoscaler", "simulate", "diurnal", "--policy", "tidemark,cpu-threshold"],
        ])
    func right(arguments: [String]) throws { _ = try Tools.parseAsRoot(arguments) }

    @Test("--help is no failure")
    func help() throws {
        do {
            var command = try Tools.parseAsRoot(["put", "--help"])
            try command.run()
        } catch {
            #expect(tidemark.ExitStatus(parserCode: Tools.exitCode(for: error)) == .done)
            #expect(Tools.fullMessage(for: error).contains("EXAMPLES"))
        }
    }

    @Test("The URL comes from the option, then the environment, then the default")
    func urls() throws {
        let given = try ClientOptions.parse(["--url", "http://a, http://b"])
        let plain = try ClientOptions.parse([])
        #expect(given.urls(["TIDEMARK_URL": "http://c"]) == ["http://a", "http://b"])
        #expect(plain.urls(["TIDEMARK_URL": "http://c"]) == ["http://c"])
        #expect(plain.urls(["TIDEMARK_URL": ""]) == [ClientOptions.defaultURL])
        #expect(plain.urls([:]) == [ClientOptions.defaultURL])
    }

    private struct Tools: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "tidemark",
            subcommands: [
                PutCommand.self, GetCommand.self, DeleteCommand.self, ListCommand.self, HistoryCommand.self,
                StatusCommand.self, BatchCommand.self, ImportCommand.self, ExportCommand.self, BenchCommand.self,
                CheckCommand.self, KeysCommand.self, EraseCommand.self, ArchiveCommand.self, WatchCommand.self,
                DeadCommand.self, AutoscalerCommand.self, ProbeCommand.self,
            ])
    }
}
