import Foundation
import LocalStack
import Testing

@Suite("Redis")
struct RedisServerTests {
    private func command(_ arguments: [String], _ server: RedisServer) async throws -> String {
        let client = try ExecutableFinder.find("redis-cli", package: "redis-tools")
        return try await OneShot.run(client, ["-p", "\(server.port)"] + arguments, in: server.directory)
    }

    @Test("Data survives a restart, and SIGKILL with the append-only file; nothing is left after the stop")
    func survives() async throws {
        try await withScratchDirectory { directory in
            var options = RedisServer.Options()
            options.appendOnly = true
            let server = try await RedisServer.start(directory: directory, options: options)
            #expect(try await command(["SET", "a", "1"], server) == "OK\n")
            try await server.restart()
            #expect(try await command(["GET", "a"], server) == "1\n")
            await server.kill()
            #expect(!server.isRunning)
            try await server.start()
            #expect(try await command(["GET", "a"], server) == "1\n")
            await server.stop()
            #expect(processes(mentioning: directory.path) == [])
        }
    }

    @Test("Two run side by side, one follows the other, and a Sentinel sees both")
    func replication() async throws {
        try await withScratchDirectory { directory in
            let master = try await RedisServer.start(directory: directory.appendingPathComponent("a"))
            var options = RedisServer.Options()
            options.replicaOf = master.port
            let replica = try await RedisServer.start(
                directory: directory.appendingPathComponent("b"), options: options)
            let sentinel = try SentinelServer(
                directory: directory.appendingPathComponent("s"), masterPort: master.port, quorum: 1)
            try await sentinel.start()
            _ = try await command(["SET", "a", "1"], master)
            try await eventually({ try await command(["GET", "a"], replica) }, is: { $0 == "1\n" })
            await sentinel.stop()
            await replica.stop()
            await master.stop()
            #expect(processes(mentioning: directory.path) == [])
        }
    }

    @Test("A paused server does not answer until it is resumed")
    func pause() async throws {
        try await withScratchDirectory { directory in
            let server = try await RedisServer.start(directory: directory)
            let answers = Readiness.redis(port: server.port)
            server.pause()
            #expect(try await answers() == false)
            server.resume()
            #expect(try await answers() == true)
            await server.stop()
        }
    }
}
