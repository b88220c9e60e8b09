import Commands
import Foundation
import LocalStack
import Testing

@testable import EventLog

@Suite("Several database hosts")
struct EventLogHostsTests {
    /// Lends two databases that know nothing of each other, and a connection string that names both.
    private static func withTwoServers(
        _ body: (PostgresServer, PostgresServer, PostgresConfiguration) async throws -> Void
    ) async throws {
        var options = PostgresServer.Options()
        options.durable = false
        let directory = TestServers.directory.appendingPathComponent("hosts-\(UUID().uuidString.prefix(8))")
        let first = try await PostgresServer.start(directory: directory.appendingPathComponent("a"), options: options)
        // One password for both.
        try FileManager.default.createDirectory(
            at: directory.appendingPathComponent("b"), withIntermediateDirectories: true)
        try FileManager.default.copyItem(
            at: directory.appendingPathComponent("a/password"), to: directory.appendingPathComponent("b/password"))
        let second = try await PostgresServer.start(directory: directory.appendingPathComponent("b"), options: options)
        for server in [first, second] {
            _ = try await Migrator.migrate(PostgresConfiguration(connectionString: server.connectionString))
        }
        let both = first.connectionString.replacingOccurrences(
            of: ":\(first.port)/", with: ":\(first.port),127.0.0.1:\(second.port)/")
        do {
            try await body(first, second, PostgresConfiguration(connectionString: both))
        } catch {
            await first.stop()
            await second.stop()
            throw error
        }
        await first.stop()
        await second.stop()
    }

    private static func run(_ sql: String, on server: PostgresServer) async throws -> String {
        let client = try ExecutableFinder.find(
            "psql", package: "postgresql-client", first: ExecutableFinder.postgresDirectories)
        return try await OneShot.run(
            client, ["--no-psqlrc", "-AtX", "-c", sql, server.connectionString], in: TestServers.directory
        ).trimmingCharacters(in: .newlines)
    }

    private static func workers(_ server: PostgresServer) async throws -> String {
        try await run("SELECT count(*) FROM workers", on: server)
    }

    @Test("A server that takes writes no longer is left for the next host, within a call or two; so is one that dies")
    func readOnly() async throws {
        try await Self.withTwoServers { first, second, configuration in
            let leases = PostgresLeaseStore(configuration)
            let worker = WorkerID()
            func renew() async -> Bool { (try? await leases.renew(worker, name: "w", for: .seconds(60))) != nil }
            try await eventually("registered", state: { await renew() }) { $0 }
            #expect(try await Self.workers(first) == "1")
            #expect(try await Self.workers(second) == "0")

            _ = try await Self.run("ALTER SYSTEM SET default_transaction_read_only = on", on: first)
            _ = try await Self.run("SELECT pg_reload_conf()", on: first)
            try await eventually(
                "registered at the second",
                state: {
                    _ = await renew()
                    return try await Self.workers(second)
                }
            ) { $0 == "1" }
            #expect(await renew(), "and it stays there")

            _ = try await Self.run("ALTER SYSTEM RESET default_transaction_read_only", on: first)
            await second.kill()
            await first.stop()
            try await first.start()
            let began = ContinuousClock.now
            try await eventually("back at the first", state: { await renew() }) { $0 }
            #expect(ContinuousClock.now - began < .seconds(3))
            await leases.close()
        }
    }

    @Test("A host that hangs costs the connection two seconds and no other lane anything")
    func hangs() async throws {
        try await Self.withTwoServers { first, second, configuration in
            first.pause()
            let began = ContinuousClock.now
            let leases = PostgresLeaseStore(configuration)
            _ = try await leases.renew(WorkerID(), name: "w", for: .seconds(60))
            #expect(ContinuousClock.now - began < .seconds(4))
            #expect(try await Self.workers(second) == "1")
            await leases.close()
            first.resume()
        }
    }
}
