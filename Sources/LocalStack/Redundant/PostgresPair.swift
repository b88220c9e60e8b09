import Foundation

/// Two PostgreSQL servers, of which one follows the other: a commit is acknowledged when both have it on disk.
///
/// A primary that dies, or is silent for some seconds, is made sure to be dead; then the other is promoted, unless it may
/// lack something. Whoever starts these servers again after a crash need not know about it: before each start a server asks
/// here what it is to be, and one that was replaced comes back as a fresh copy of its successor.
actor PostgresPair {
    private static let interval = Duration.milliseconds(500)
    private static let patience = Duration.seconds(2)
    private static let promotionPatience = Duration.seconds(15)

    private let record: URL
    private let report: @Sendable (String) -> Void
    private var machine: FailoverMachine
    private(set) var servers: [PostgresServer] = []
    private var failingOver: Task<Void, any Error>?

    /// Describes the two; nothing runs yet. Their data is in `postgres-1` and `postgres-2` of `directory`, and
    /// `postgres-primary` there says which was the primary last.
    static func make(directory: URL, report: @escaping @Sendable (String) -> Void) async throws -> PostgresPair {
        let pair = PostgresPair(record: directory.appendingPathComponent("postgres-primary"), report: report)
        let password = try PrivateFile.read(
            directory.appendingPathComponent("postgres-password"), orWrite: PrivateFile.newSecret)
        let ports = try FreePort.allocate(2)
        for index in 0..<2 {
            var options = PostgresServer.Options()
            options.name = name(index)
            options.password = password
            options.settings = settings(of: index, partnerPort: ports[1 - index])
            options.prepare = { try await pair.prepare(index) }
            options.answered = { try await pair.answered(index) }
            await pair.add(
                try PostgresServer(
                    directory: directory.appendingPathComponent(name(index)), port: ports[index], options: options))
        }
        return pair
    }

    private init(record: URL, report: @escaping @Sendable (String) -> Void) {
        self.record = record
        self.report = report
        let last = try? String(contentsOf: record, encoding: .utf8)
        machine = FailoverMachine(primary: last?.hasPrefix(Self.name(1)) == true ? 1 : 0)
    }

    private func add(_ server: PostgresServer) { servers.append(server) }

    private static func name(_ index: Int) -> String { "postgres-\(index + 1)" }

    /// Either may be the standby one day. One that is cut off is noticed within seconds, on both ends.
    private static func settings(of index: Int, partnerPort: Int) -> [String] {
        let partner = [
            "host=127.0.0.1", "port=\(partnerPort)", "user=\(PostgresCluster.user)",
            "passfile=../\(PostgresCluster.passwordFile)", "sslmode=disable", "application_name=\(name(index))",
        ]
        return [
            "primary_conninfo=\(partner.joined(separator: " "))", "wal_keep_size=256MB", "wal_sender_timeout=3s",
            "wal_receiver_timeout=3s", "wal_receiver_status_interval=1s", "wal_retrieve_retry_interval=200ms",
        ]
    }

    /// Both: libpq, and the clients of this project, look for the one that takes writes.
    nonisolated static func connectionString(_ servers: [PostgresServer]) -> String {
        let (first, second) = (servers[0], servers[1])
        return first.connectionString.replacingOccurrences(
            of: "127.0.0.1:\(first.port)", with: "127.0.0.1:\(first.port),127.0.0.1:\(second.port)")
    }

    private var primary: PostgresServer { servers[machine.primary] }
    private var standby: PostgresServer { servers[machine.standby] }

    // MARK: - Starts

    /// Before each start of a server.
    private func prepare(_ index: Int) async throws {
        // The standby is not to wait for its own promotion, which waits for it: both may have died at once.
        if index == machine.primary, failingOver != nil || machine.mayFailOver { try await failOver() }
        let cluster = servers[index].cluster
        if index == machine.primary {
            try await cluster.prepare()
            try PrivateFile.write(Self.name(index) + "\n", to: record)
        } else if cluster.isStandby {
            try await cluster.prepare()
        } else {
            let primary = self.primary
            while !(await cluster.follows(primary)) { try await Task.sleep(for: .milliseconds(50)) }
            report("\(Self.name(index)) becomes a copy of \(Self.name(machine.primary))")
            try await cluster.copy(from: primary.port)
        }
    }

    /// When a server has begun to answer: one that died between being chosen and being promoted is promoted now.
    private func answered(_ index: Int) async throws {
        let cluster = servers[index].cluster
        if index == machine.primary && failingOver == nil && cluster.isStandby { try await promote(servers[index]) }
    }

    // MARK: - Failing over

    /// Begins it, or waits for the one that is under way. Only the end of everything cancels it.
    private func failOver() async throws {
        let task =
            failingOver
            ?? Task {
                defer { failingOver = nil }
                try await replacePrimary()
            }
        failingOver = task
        try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
    }

    private func replacePrimary() async throws {
        let (old, new) = (primary, standby)
        report("\(Self.name(machine.primary)) is gone; \(Self.name(machine.standby)) becomes the primary")
        await old.kill()
        await old.cluster.killLeftovers()
        try PrivateFile.write(Self.name(machine.standby) + "\n", to: record)
        try await promote(new)
        machine.failedOver()
    }

    /// Tries until it is done: from here on nothing else may become the primary. A standby that died meanwhile is started
    /// again by whoever started it, and one that hangs is made to die.
    private func promote(_ server: PostgresServer) async throws {
        while true {
            let began = ContinuousClock.now
            let done = try? await server.cluster.query(
                "SELECT CASE WHEN pg_is_in_recovery() THEN pg_promote(true, 10) ELSE true END", port: server.port,
                timeout: Self.promotionPatience)
            if done == "t" { break }
            if ContinuousClock.now - began >= Self.promotionPatience { await server.kill() }
            try await Task.sleep(for: .milliseconds(100))
        }
        // The setting came with the copy. Commits would wait for the one that has just died.
        try? await setCommitsWait(false, on: server)
    }

    // MARK: - Watching

    /// Looks at the primary until the task is cancelled. Cancel it before the servers are stopped.
    func watch() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: Self.interval)
            let looked = machine.primary
            let sight = await sight()
            guard failingOver == nil, looked == machine.primary, !Task.isCancelled else { continue }
            let before = machine.synchrony
            let action = machine.look(sight, at: .now)
            if machine.synchrony != before { tell() }
            // What fails shows at the next look, and is decided anew.
            try? await perform(action)
        }
    }

    private func tell() {
        switch machine.synchrony {
        case .alone: report("\(Self.name(machine.standby)) is away; \(Self.name(machine.primary)) goes on alone")
        case .joining: break
        case .inSync: report("\(Self.name(machine.standby)) has everything, and commits wait for it")
        }
    }

    private func sight() async -> FailoverMachine.Sight {
        let answer = try? await primary.cluster.query(
            """
            SELECT current_setting('synchronous_standby_names') <> '',
                (SELECT sync_state = 'sync' FROM pg_stat_replication
                 WHERE application_name = '\(Self.name(machine.standby))' AND state = 'streaming' LIMIT 1),
                (SELECT flush_lsn - '0/0' FROM pg_stat_replication
                 WHERE application_name = '\(Self.name(machine.standby))' AND state = 'streaming' LIMIT 1)
            """, port: primary.port, timeout: Self.patience)
        let fields = answer?.split(separator: "|", omittingEmptySubsequences: false) ?? []
        guard fields.count == 3 else { return .silence }
        let standby = UInt64(fields[2]).map { FailoverMachine.Standby(synchronous: fields[1] == "t", flushed: $0) }
        return .answer(waits: fields[0] == "t", standby: standby)
    }

    private func perform(_ action: FailoverMachine.Action) async throws {
        switch action {
        case .nothing: break
        case .makeCommitsWait: try await setCommitsWait(true, on: primary)
        case .letCommitsGo: try await setCommitsWait(false, on: primary)
        case .drawBarrier:
            // The checkpointer is who tells the sessions to wait, and it reads its settings before it makes a checkpoint.
            try await primary.cluster.query("CHECKPOINT", port: primary.port, timeout: .seconds(60))
            let position = try await primary.cluster.query(
                "SELECT pg_current_wal_flush_lsn() - '0/0'", port: primary.port, timeout: Self.patience)
            if let position = UInt64(position) { machine.drew(barrier: position) }
        case .failOver: try await failOver()
        case .copyAnew:
            guard standby.isRunning else { return }
            report("\(Self.name(machine.standby)) does not follow; making it anew")
            try standby.cluster.forgetStandby()
            await standby.kill()
        }
    }

    private func setCommitsWait(_ wait: Bool, on server: PostgresServer) async throws {
        let other = servers[0].port == server.port ? Self.name(1) : Self.name(0)
        let value = wait ? "\"\(other)\"" : ""
        for statement in ["ALTER SYSTEM SET synchronous_standby_names = '\(value)'", "SELECT pg_reload_conf()"] {
            try await server.cluster.query(statement, port: server.port, timeout: Self.patience)
        }
    }
}
