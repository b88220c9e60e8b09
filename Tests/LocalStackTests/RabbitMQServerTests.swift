import Foundation
import LocalStack
import Testing

@Suite("RabbitMQ")
struct RabbitMQServerTests {
    @Test("Data survives SIGKILL on the same port, with a node of its own, and nothing is left after the stop")
    func survives() async throws {
        try await withScratchDirectory { directory in
            let server = try await RabbitMQServer.start(directory: directory)
            try await server.createVirtualHost("kept")
            await server.kill()
            #expect(!server.isRunning)
            try await server.start()
            #expect(try await server.control(["list_vhosts"]).contains("kept"))
            #expect(try await server.control(["list_users"]).contains(server.user))
            await server.stop()
            #expect(processes(mentioning: directory.path) == [])
        }
    }

    @Test("Two start side by side, and a start that is cancelled leaves nothing")
    func sideBySide() async throws {
        try await withScratchDirectory { directory in
            let first = try RabbitMQServer(directory: directory.appendingPathComponent("a"))
            let second = try RabbitMQServer(directory: directory.appendingPathComponent("b"))
            #expect(first.nodeName != second.nodeName)
            let start = Task { try await second.start() }
            async let one: Void = first.start()
            try await eventually({ second.isRunning }, is: { $0 })
            start.cancel()
            await #expect(throws: CancellationError.self) { try await start.value }
            #expect(processes(mentioning: second.directory.path) == [])
            try await one
            // A port mapper that comes back is found again by its node, and by our tools.
            await first.processes[0].current?.kill()
            try await first.start()
            try await eventually(
                { (try? await first.control(["status"])) ?? "no answer" }, is: { $0.contains("RabbitMQ") })
            await first.stop()
            #expect(processes(mentioning: directory.path) == [])
        }
    }
}
