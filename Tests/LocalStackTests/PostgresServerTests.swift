import Foundation
import Glibc
import LocalStack
import Testing

@Suite("PostgreSQL")
struct PostgresServerTests {
    private func query(_ sql: String, _ connection: String, in directory: URL) async throws -> String {
        let client = try ExecutableFinder.find(
            "psql", package: "postgresql-client", first: ExecutableFinder.postgresDirectories)
        let output = try await OneShot.run(client, ["--no-psqlrc", "-AtX", "-c", sql, connection], in: directory)
        return output.trimmingCharacters(in: .newlines)
    }

    @Test("Commits survive SIGKILL, settings are as promised, every statement is logged, nothing is left")
    func survives() async throws {
        try await withScratchDirectory { scratch in
            // Like /root: closed to the user that the server becomes.
            let directory = scratch.appendingPathComponent("closed")
            try FileManager.default.createDirectory(
                at: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            var options = PostgresServer.Options()
            options.durable = false
            options.logStatements = true
            let server = try await PostgresServer.start(
                directory: directory.appendingPathComponent("pg"), options: options)
            let settings = try await query(
                """
                select current_setting('default_transaction_isolation'), current_setting('timezone'),
                datcollate, pg_encoding_to_char(encoding) from pg_database where datname = current_database()
                """, server.connectionString, in: scratch)
            #expect(settings == "serializable|UTC|C|UTF8")

            try await server.createDatabase("other")
            try await server.createDatabase("other")
            let other = server.connectionString(database: "other")
            _ = try await query("create table t as select 42 as a", other, in: scratch)
            await server.kill()
            #expect(!server.isRunning)
            try await server.start()
            #expect(try await query("select a from t", other, in: scratch) == "42")
            try await server.dropDatabase("other")
            await #expect(throws: StartFailure.self) { try await query("select 1", other, in: scratch) }

            let log = try String(contentsOf: server.statementLog, encoding: .utf8)
            #expect(log.contains("create table t as select 42"))
            #expect(log.contains("select a from t"))
            let tree = try #require(server.process.current?.tree)
            await server.stop()
            var left = tree
            left.removeEnded()
            #expect(left.isEmpty, "\(left)")
        }
    }

    @Test("Two run side by side; a lock file of a crash that names a living stranger is no obstacle")
    func staleLock() async throws {
        try await withScratchDirectory { directory in
            var options = PostgresServer.Options()
            options.durable = false
            let first = try PostgresServer(directory: directory.appendingPathComponent("a"), options: options)
            let second = try PostgresServer(directory: directory.appendingPathComponent("b"), options: options)
            async let one: Void = first.start()
            async let two: Void = second.start()
            _ = try await (one, two)
            await first.kill()
            let lock = first.directory.appendingPathComponent("data/postmaster.pid")
            let lines = try String(contentsOf: lock, encoding: .utf8).split(
                separator: "\n", omittingEmptySubsequences: false)
            let stranger = ["\(getpid())"] + lines.dropFirst().map(String.init)
            try stranger.joined(separator: "\n").write(to: lock, atomically: false, encoding: .utf8)
            try await first.start()
            #expect(try await query("select 1", first.connectionString, in: directory) == "1")
            await second.stop()
            await first.stop()
        }
    }

    @Test("A start that is cancelled at any point leaves nothing and can be done again", arguments: [5, 150, 400, 700])
    func interrupted(afterMilliseconds delay: Int) async throws {
        try await withScratchDirectory { directory in
            var options = PostgresServer.Options()
            options.durable = false
            let server = try PostgresServer(directory: directory, options: options)
            let start = Task { try await server.start() }
            try await Task.sleep(for: .milliseconds(delay))
            start.cancel()
            _ = await start.result
            await server.stop()
            try await eventually({ processes(mentioning: directory.path) }, is: { $0.isEmpty })
            try await server.start()
            await server.stop()
            #expect(processes(mentioning: directory.path) == [])
        }
    }

    @Test("A password is needed")
    func password() async throws {
        try await withScratchDirectory { directory in
            var options = PostgresServer.Options()
            options.durable = false
            let server = try await PostgresServer.start(
                directory: directory.appendingPathComponent("pg"), options: options)
            let wrong = "postgresql://tidemark:wrong@127.0.0.1:\(server.port)/tidemark"
            await #expect(throws: StartFailure.self) { try await query("select 1", wrong, in: directory) }
            await server.stop()
        }
    }
}
