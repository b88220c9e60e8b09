import AsyncHTTPClient
import Foundation
import LocalStack
import NIOCore
import Testing
import TidemarkClient

/// `tidemark dev` as a user runs it, from the build directory.
struct DevProcess: Sendable {
    let process: ServerProcess
    let directory: URL
    let url: String

    /// What `dev.json` lists.
    struct Running: Decodable {
        var name: String
        var processID: Int32
        var url: String?

        enum CodingKeys: String, CodingKey {
            case name, url
            case processID = "process_id"
        }
    }

    static let executable = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent().appendingPathComponent("tidemark").path

    static func with(
        _ arguments: [String], environment: [String: String] = [:], _ body: (DevProcess) async throws -> Void
    ) async throws {
        let directory = TestServers.directory.appendingPathComponent("dev-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let port = try FreePort.allocate()
        let log = directory.appendingPathComponent("dev.log")
        let data = directory.appendingPathComponent("data")
        let process = try await ServerProcess.launch(
            ProcessDescription(
                executable: executable, arguments: ["dev", "--port", "\(port)", "--data-dir", data.path] + arguments,
                environment: ProcessDescription.minimalEnvironment(home: directory).merging(environment) { $1 },
                workingDirectory: directory, logFile: log))
        do {
            try await eventually(
                within: .seconds(120), "ready", state: { (try? String(contentsOf: log, encoding: .utf8)) ?? "" }
            ) { $0.contains("ready http://127.0.0.1:\(port)") }
            try await body(DevProcess(process: process, directory: directory, url: "http://127.0.0.1:\(port)"))
        } catch {
            await process.terminate(grace: .seconds(30))
            throw error
        }
        await process.terminate(grace: .seconds(30))
    }

    func running() throws -> [Running] {
        struct Inventory: Decodable { var processes: [Running] }
        let file = directory.appendingPathComponent("data/dev.json")
        return try JSONDecoder().decode(Inventory.self, from: Data(contentsOf: file)).processes
    }

    /// Of each gateway by itself.
    func gateways() throws -> [String] { try running().filter { $0.name.hasPrefix("gateway") }.compactMap(\.url) }

    /// Runs the command line against it.
    @discardableResult
    func run(_ arguments: String..., timeout: Duration = .seconds(60)) async throws -> String {
        try await OneShot.run(
            Self.executable, arguments,
            environment: ProcessDescription.minimalEnvironment(home: directory).merging(["TIDEMARK_URL": url]) { $1 },
            in: directory, timeout: timeout)
    }
}

@Suite("tidemark dev", .serialized)
struct DevTests {
    @Test("It starts, is used from the command line, and SIGTERM leaves no process behind")
    func startsAndStops() async throws {
        var ended: [String] = []
        try await DevProcess.with([]) { dev in
            let put = try await dev.run("put", "colour", "blue", "--wait", "20")
            #expect(put.contains("created"))
            let get = try await dev.run("get", "colour")
            #expect(get == "blue")
            let history = try await dev.run("history", "colour")
            #expect(history.contains("put"))
            let list = try await dev.run("list")
            #expect(list.contains("colour"))
            ended = [dev.directory.path]
        }
        try await eventually(
            "no process left",
            state: { try await OneShot.run("/bin/ps", ["ax", "-o", "args"], in: TestServers.directory) }
        ) { listing in !ended.contains { listing.contains($0) } }
    }

    @Test("Killed by SIGTERM while it starts, it leaves no process behind")
    func stoppedEarly() async throws {
        let directory = TestServers.directory.appendingPathComponent("early-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let data = directory.appendingPathComponent("data")
        let process = try await ServerProcess.launch(
            ProcessDescription(
                executable: DevProcess.executable,
                arguments: ["dev", "--port", "\(try FreePort.allocate())", "--data-dir", data.path],
                workingDirectory: directory, logFile: directory.appendingPathComponent("dev.log")))
        try await eventually(
            "something started", state: { (try? FileManager.default.contentsOfDirectory(atPath: data.path)) ?? [] }
        ) { $0.contains("rabbitmq") }
        await process.terminate(grace: .seconds(30))
        try await eventually(
            "no process left",
            state: { try await OneShot.run("/bin/ps", ["ax", "-o", "args"], in: TestServers.directory) }
        ) { !$0.contains(directory.path) }
    }

    @Test("Debian's package index goes in through one gateway and comes out of another, byte for byte")
    func debianPackages() async throws {
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../examples/debian-packages").standardizedFileURL
        try await DevProcess.with(["--gateways", "2", "--projectors", "2"]) { dev in
            let file = dev.directory.appendingPathComponent("packages.ndjson")
            let text = try await OneShot.run(script.path, [], in: dev.directory, timeout: .seconds(120))
            try Data(text.utf8).write(to: file)
            let records = try text.split(separator: "\n").map { line -> (key: String, value: Data) in
                let record = try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
                let key = try #require(record["key"] as? String)
                if let value = record["value"] as? String { return (key, Data(value.utf8)) }
                return (key, try #require((record["value_base64"] as? String).flatMap { Data(base64Encoded: $0) }))
            }
            try #require(
                records.count > 500, "apt-cache dumpavail printed \(records.count) records; run apt-get update")

            let gateways = try dev.gateways()
            #expect(gateways.count == 2)
            _ = try await dev.run("import", file.path, "--url", gateways[0], timeout: .seconds(600))
            try await compare(records, at: gateways[1])

            let listed = try await dev.run("list", "--url", gateways[1], timeout: .seconds(120))
            let keys = listed.split(separator: "\n").map { $0.split(whereSeparator: \.isWhitespace)[0] }
            #expect(keys.map(String.init) == records.map(\.key).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })

            // The state file says that all is there; without it every line is sent again, and is the same command.
            let name = records[records.count / 2].key
            let before = try await dev.run("history", name, "--output", "json")
            for leftover in try FileManager.default.contentsOfDirectory(atPath: dev.directory.path)
            where leftover.hasPrefix("packages.ndjson.") {
                try FileManager.default.removeItem(at: dev.directory.appendingPathComponent(leftover))
            }
            _ = try await dev.run("import", file.path, "--url", gateways[0], timeout: .seconds(600))
            let again = try await dev.run("history", name, "--output", "json")
            #expect(again == before)

            try await dev.run("put", name, "updated", "--wait", "20")
            let after = try await dev.run("history", name)
            #expect(after.split(separator: "\n").filter { $0.contains("put") }.count == 2, "\(after)")
        }
    }

    private func compare(_ records: [(key: String, value: Data)], at url: String) async throws {
        let next = Recorder<String>()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for lane in 0..<16 {
                group.addTask {
                    for index in stride(from: lane, to: records.count, by: 16) {
                        let (key, value) = records[index]
                        let path = key.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? key
                        let answer = try await HTTP.send(.get, "\(url)/v1/kv/\(path)")
                        if answer.status != 200 || answer.body != value { next.append(key) }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(next.all.isEmpty, "\(next.all.count) of \(records.count) differ: \(next.all.prefix(5))")
    }
}
