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
            await withTaskGroup { group in
                for server in servers(target, &dice) { group.addTask { await server.kill() } }
            }
            return {}
        case .pause(let target):
            let paused = servers(target, &dice)
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
            _ = try await rabbitMQ.control(["set_vm_memory_high_watermark", "absolute", "1"])
            return { [rabbitMQ] in _ = try await rabbitMQ.control(["set_vm_memory_high_watermark", "0.4"]) }
        case .fullQueues:
            _ = try await rabbitMQ.control([
                "set_policy", "full", #"\.commands\."#, #"{"max-length":2}"#, "--apply-to", "queues",
            ])
            for projector in servers(.projector) { projector.pause() }
            return { [self] in
                for projector in servers(.projector) { projector.resume() }
                _ = try await rabbitMQ.control(["clear_policy", "full"])
            }
        case .fullDisk:
            let disk = try #require(disk)
            let log = database.directory.appendingPathComponent("postgres.log")
            func refusals() throws -> Int {
                try String(contentsOf: log, encoding: .utf8).components(separatedBy: "No space left on device").count
            }
            let before = try refusals()
            try await disk.fill()
            try await eventually("the disk is full", within: .seconds(60)) { try refusals() > before }
            return { try disk.makeRoom() }
        }
    }

    private func servers(_ target: Fault.Target, _ dice: inout SplitMix64) -> [any Server] {
        let all = Part.allCases.flatMap(servers)
        switch target {
        case .one(let part): return [servers(part)[dice.below(servers(part).count)]]
        case .every(let part): return servers(part)
        case .anything: return [all[dice.below(all.count)]]
        case .everything: return all
        }
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

    func execute(_ statements: String) async throws {
        let psql = try ExecutableFinder.find(
            "psql", package: "postgresql-client", first: ExecutableFinder.postgresDirectories)
        _ = try await OneShot.run(
            psql, [database.connectionString, "-v", "ON_ERROR_STOP=1", "-q", "-c", statements],
            in: database.directory.deletingLastPathComponent())
    }
}
