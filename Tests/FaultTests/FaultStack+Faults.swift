import Foundation
import LocalStack
import SplitMix
import Testing

extension FaultStack {
    typealias Undo = @Sendable () async throws -> Void

    /// Begins a fault.
    ///
    /// - Returns: what ends it.
    func begin(_ action: Fault.Action, _ dice: inout SplitMix64) async throws -> Undo {
        switch action {
        case .kill(let target):
            let doomed = try await servers(target, &dice)
            await withTaskGroup { group in
                for server in doomed { group.addTask { await server.kill() } }
            }
            return {}
        case .pause(let target):
            let paused = try await servers(target, &dice)
            for server in paused { server.pause() }
            return { for server in paused { server.resume() } }
        case .trouble(let link, let trouble):
            let proxy = try #require(links[link])
            proxy.set(trouble)
            return { proxy.set(.none) }
        case .several(let count, of: let actions):
            var undos: [Undo] = []
            for _ in 0..<count { undos.append(try await begin(actions[dice.below(actions.count)], &dice)) }
            return { [undos] in for undo in undos { try await undo() } }
        case .conflicts: return try await beginConflicts()
        case .memoryAlarm:
            let broker = try broker
            _ = try await broker.control(["set_vm_memory_high_watermark", "absolute", "1"])
            return { _ = try await broker.control(["set_vm_memory_high_watermark", "0.3"]) }
        case .fullQueues:
            let broker = try broker
            _ = try await broker.control([
                "set_policy", "full", #"\.commands\."#, #"{"max-length":2}"#, "--apply-to", "queues",
            ])
            for projector in self[.projector] { projector.pause() }
            return { [self] in
                for projector in self[.projector] { projector.resume() }
                _ = try await broker.control(["clear_policy", "full"])
            }
        case .fullDisk:
            let disk = try #require(disk)
            let before = try refusalsOfDisk()
            try await disk.fill()
            try await eventually("the disk is full", within: .seconds(60)) { try refusalsOfDisk() > before }
            return { try disk.makeRoom() }
        }
    }

    private func servers(_ target: Fault.Target, _ dice: inout SplitMix64) async throws -> [any Server] {
        let all = Part.allCases.flatMap { self[$0] }
        switch target {
        case .one(let part): return [self[part][dice.below(self[part].count)]]
        case .every(let part): return self[part]
        case .leader(let part): return [try await leader(of: part)]
        case .anything: return [all[dice.below(all.count)]]
        case .everything: return all
        }
    }

    private func leader(of part: Part) async throws -> any Server {
        let all = self[part]
        switch part {
        case .database:
            let record = directory.appendingPathComponent("postgres-primary")
            let name = try String(contentsOf: record, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
            return try #require(all.first { $0.process.name == name })
        case .redis:
            let sentinel = try #require(self[.sentinel].first as? SentinelServer)
            let port = try await SentinelServer.master(named: "tidemark", at: sentinel.port)
            return try #require(all.first { ($0 as? RedisServer)?.port == port })
        case .rabbitMQ:
            let queues = try await broker.control(["list_queues", "name", "leader"]).split(separator: "\n")
            func led(_ server: any Server) -> Int {
                guard let name = (server as? RabbitMQServer)?.nodeName else { return 0 }
                return queues.count { $0.contains(".commands.") && $0.hasSuffix(name) }
            }
            return try #require(all.max { led($0) < led($1) })
        case .gateway, .projector, .sentinel: return try #require(all.first)
        }
    }

    private var broker: RabbitMQServer {
        get throws { try #require(self[.rabbitMQ].first { $0.isRunning } as? RabbitMQServer) }
    }

    private var database: PostgresServer {
        get throws { try #require(self[.database].first as? PostgresServer) }
    }

    private func refusalsOfDisk() throws -> Int {
        let roles = directory.appendingPathComponent("roles")
        return try FileManager.default.contentsOfDirectory(at: roles, includingPropertiesForKeys: nil)
            .filter { $0.lastPathComponent.hasPrefix("projector-") }
            .map { try String(contentsOf: $0, encoding: .utf8).components(separatedBy: "SQLSTATE 53100").count - 1 }
            .reduce(0, +)
    }

    /// The database itself says so, at COMMIT: a deferred trigger on what every batch updates.
    private func beginConflicts() async throws -> Undo {
        try await execute(
            """
            CREATE FUNCTION conflict() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF random() < 0.5 THEN RAISE EXCEPTION 'a fault' USING ERRCODE = '40001'; END IF; RETURN NULL; END $$;
            CREATE CONSTRAINT TRIGGER conflict AFTER UPDATE ON partitions DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW EXECUTE FUNCTION conflict()
            """)
        return { [self] in try await execute("DROP FUNCTION conflict() CASCADE") }
    }

    private func execute(_ statements: String) async throws {
        let psql = try ExecutableFinder.find(
            "psql", package: "postgresql-client", first: ExecutableFinder.postgresDirectories)
        _ = try await OneShot.run(
            psql, [database.connectionString, "-v", "ON_ERROR_STOP=1", "-q", "-c", statements], in: directory)
    }
}
