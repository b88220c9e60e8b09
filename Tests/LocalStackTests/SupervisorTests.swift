import Foundation
import Glibc
import LocalStack
import Synchronization
import Testing

@Suite("Supervisor and stack")
struct SupervisorTests {
    /// The lines that were reported.
    private final class Lines: Sendable {
        private let lines = Mutex<[String]>([])
        func add(_ line: String) { lines.withLock { $0.append(line) } }
        var all: [String] { lines.withLock { $0 } }
    }

    private func sleeper(_ name: String, in directory: URL) -> ManagedProcess {
        ManagedProcess(
            name: name, endpoint: "http://127.0.0.1/\(name)",
            description: ProcessDescription(
                executable: "/bin/sleep", arguments: ["1000"], workingDirectory: directory,
                logFile: directory.appendingPathComponent("\(name).log")))
    }

    @Test("What dies is started again, a line says so, and the inventory follows")
    func restarts() async throws {
        try await withScratchDirectory { directory in
            let file = directory.appendingPathComponent("dev.json")
            let lines = Lines()
            let supervisor = Supervisor(inventory: Inventory(file), report: lines.add)
            let first = sleeper("first", in: directory)
            let second = sleeper("second", in: directory)
            try await supervisor.start([first])
            try await supervisor.start([second])
            let before = try #require(first.processIdentifier)
            Glibc.kill(before, SIGKILL)
            try await eventually({ first.processIdentifier }, is: { $0 != nil && $0 != before })
            try await eventually({ lines.all }, is: { $0.count == 2 })
            #expect(lines.all.first?.hasPrefix("first was ended by signal 9") == true)
            let text = try String(contentsOf: file, encoding: .utf8)
            #expect(text.contains("\"process_id\" : \(try #require(first.processIdentifier))"))
            #expect(text.contains("http://127.0.0.1/second"))
            let mode = try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions] as? Int
            #expect(mode == 0o600)
            await supervisor.stopAll()
            #expect(!FileManager.default.fileExists(atPath: file.path))
            #expect(lines.all.count == 2)
            #expect(processes(mentioning: directory.path) == [])
        }
    }

    @Test("What is stopped by itself stays so, and is not in the inventory")
    func stopsOne() async throws {
        try await withScratchDirectory { directory in
            let file = directory.appendingPathComponent("dev.json")
            let lines = Lines()
            let supervisor = Supervisor(inventory: Inventory(file), report: lines.add)
            let first = sleeper("first", in: directory)
            let second = sleeper("second", in: directory)
            try await supervisor.start([first, second])
            await supervisor.stop(first)
            #expect(!first.isRunning && second.isRunning)
            let text = try String(contentsOf: file, encoding: .utf8)
            #expect(text.contains("second") && !text.contains("first"))
            await supervisor.stopAll()
            #expect(lines.all.isEmpty)
        }
    }

    @Test("Stopping ends a start that is under way")
    func stopsStart() async throws {
        try await withScratchDirectory { directory in
            var options = ManagedProcess.Options()
            options.ready = { false }
            let slow = ManagedProcess(
                name: "slow", description: sleeper("slow", in: directory).description, options: options)
            let supervisor = Supervisor { _ in }
            let start = Task { try await supervisor.start([slow]) }
            try await eventually({ slow.isRunning }, is: { $0 })
            await supervisor.stopAll()
            await #expect(throws: (any Error).self) { try await start.value }
            #expect(processes(mentioning: directory.path) == [])
        }
    }

    @Test("A data directory serves one at a time")
    func lock() async throws {
        try await withScratchDirectory { directory in
            let lock = try DirectoryLock(directory)
            let failure = #expect(throws: StartFailure.self) { _ = try DirectoryLock(directory) }
            #expect(failure?.description.contains("in use by process \(getpid())") == true)
            withExtendedLifetime(lock) {}
        }
    }

    @Test(
        "A directory of something else is refused and left alone, also when it is to be emptied",
        arguments: [true, false])
    func foreignDirectory(fresh: Bool) async throws {
        try await withScratchDirectory { directory in
            let file = directory.appendingPathComponent("thesis.txt")
            try "years of work".write(to: file, atomically: true, encoding: .utf8)
            var options = LocalStack.Options(dataDirectory: directory)
            options.fresh = fresh
            let stack = LocalStack(options)
            await #expect(throws: StartFailure.self) { try await stack.run() }
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["thesis.txt"])
        }
    }

    @Test("The stack starts everything, keeps its data, and stops without a trace when its task is cancelled")
    func stack() async throws {
        try await withScratchDirectory { directory in
            let (ready, readiness) = AsyncStream.makeStream(of: Void.self)
            let run = Task {
                try await LocalStack(LocalStack.Options(dataDirectory: directory)).run { endpoints, supervisor in
                    let gateways = try FreePort.allocate(2).map { port in try web(port, in: directory) }
                    let edge = try NginxServer(
                        directory: directory.appendingPathComponent("nginx"), gatewayPorts: gateways.map(\.port))
                    #expect(endpoints.database.hasPrefix("postgresql://"))
                    #expect(endpoints.commandBus.hasPrefix("amqp://"))
                    for stage in [gateways.map(\.process), [edge]] as [[any Server]] {
                        try await supervisor.start(stage)
                    }
                    readiness.yield()
                    readiness.finish()
                }
                readiness.finish()
            }
            for await _ in ready {}
            let inventory = try String(
                contentsOf: directory.appendingPathComponent("dev.json"), encoding: .utf8)
            for name in ["postgres", "rabbitmq", "rabbitmq-epmd", "redis", "nginx"] {
                #expect(inventory.contains("\"\(name)\""), "\(inventory)")
            }
            run.cancel()
            try await run.value
            #expect(processes(mentioning: directory.path) == [])
        }
    }

    /// A web server that stands in for a gateway.
    private func web(_ port: Int, in directory: URL) throws -> (process: any Server, port: Int) {
        var options = ManagedProcess.Options()
        options.ready = Readiness.http(port: port, path: "/")
        let process = ManagedProcess(
            name: "gateway-\(port)",
            description: ProcessDescription(
                executable: try ExecutableFinder.find("python3", package: "python3"),
                arguments: ["-m", "http.server", "--bind", "127.0.0.1", "\(port)"], workingDirectory: directory,
                logFile: directory.appendingPathComponent("gateway-\(port).log")),
            options: options)
        return (process, port)
    }
}
