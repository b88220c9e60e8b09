import Foundation
import Glibc

/// The files of one PostgreSQL server, and the programs that work on them.
struct PostgresCluster: Sendable {
    /// The superuser of the cluster.
    static let user = DatabaseServers.mainDatabase

    let directory: URL
    private let programs: URL
    private let account: UserAccount?
    private let password: String

    /// Finds the programs and makes the directory and the password, if they are not there.
    ///
    /// - Parameter password: the superuser's; made at the first start unless it is given.
    init(directory: URL, password given: String? = nil) throws {
        let initdb = try ExecutableFinder.find(
            "initdb", package: "postgresql", first: ExecutableFinder.postgresDirectories)
        programs = URL(fileURLWithPath: initdb).resolvingSymlinksInPath().deletingLastPathComponent()
        self.directory = directory
        account = UserAccount.forServersThatRefuseRoot
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let file = directory.appendingPathComponent("password")
        password = try PrivateFile.read(file) { given ?? PrivateFile.newSecret() }
        try account?.takeOwnership(of: directory)
        try account?.takeOwnership(of: file)
    }

    var data: URL { directory.appendingPathComponent("data") }

    /// `directory` as the server's user sees it: an open descriptor, because its parents may be closed to that user.
    private static let opened = "/proc/self/fd/3"

    private var environment: [String: String] {
        ProcessDescription.minimalEnvironment(home: URL(fileURLWithPath: "/"))
    }

    /// The server with these settings; it listens nowhere unless they say so.
    func server(_ settings: [String]) -> ProcessDescription {
        ProcessDescription(
            executable: programs.appendingPathComponent("postgres").path,
            arguments: ["-D", "\(Self.opened)/data"] + settings.flatMap { ["-c", $0] }, environment: environment,
            workingDirectory: URL(fileURLWithPath: "/"), logFile: directory.appendingPathComponent("postgres.log"),
            openDirectory: directory, user: account?.name)
    }

    /// Makes the data directory unless it is there, and removes what a crash left. An interrupted attempt is begun
    /// afresh: the directory gets its name when it is complete.
    func prepare() async throws {
        let manager = FileManager.default
        if manager.fileExists(atPath: data.path) { return try await removeStaleLock() }
        let unfinished = directory.appendingPathComponent("data.new")
        try? manager.removeItem(at: unfinished)
        let arguments = [
            "-D", "\(Self.opened)/data.new", "-U", Self.user, "--pwfile", "\(Self.opened)/password", "-E", "UTF8",
            "--locale=C", "--auth=scram-sha-256", "--no-instructions",
        ]
        _ = try await OneShot.run(
            programs.appendingPathComponent("initdb").path, arguments, environment: environment, in: directory,
            openDirectory: directory, user: account?.name)
        try manager.moveItem(at: unfinished, to: data)
    }

    /// Copies, which the server's user owns: PostgreSQL refuses a key that others could read.
    func install(_ tls: TLSFiles) throws {
        for (source, name) in [(tls.certificate, "server.crt"), (tls.key, "server.key")] {
            let file = data.appendingPathComponent(name)
            try PrivateFile.write(try String(contentsOf: source, encoding: .utf8), to: file)
            try account?.takeOwnership(of: file)
        }
    }

    /// `postmaster.pid` of a killed server can name a number that someone else has by now, and PostgreSQL would then
    /// refuse to start: it goes once no PostgreSQL works in the data directory (they all do, sessions too, and those
    /// of a killed server need a moment to notice).
    private func removeStaleLock() async throws {
        let deadline = ContinuousClock.now + .seconds(5)
        while let user = ProcessStatus.all().first(where: isServer)?.processIdentifier {
            if ContinuousClock.now > deadline {
                throw StartFailure(
                    name: "postgres", reason: "already runs on \(data.path) as process \(user)",
                    advice: "Stop that process, or choose another directory.")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        try? FileManager.default.removeItem(at: data.appendingPathComponent("postmaster.pid"))
    }

    /// SIGKILL to every server process on this data: those of a killed server end by themselves, but not before they notice.
    func killLeftovers() async {
        while true {
            let processes = ProcessStatus.all().filter { !$0.hasEnded && isServer($0) }
            if processes.isEmpty { return }
            for process in processes { kill(process.processIdentifier, SIGKILL) }
            try? await Task.sleep(for: .milliseconds(10))
        }
    }

    private func isServer(_ process: ProcessStatus) -> Bool {
        func target(_ name: String) -> String? {
            try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(process.processIdentifier)/\(name)")
        }
        return target("cwd") == data.resolvingSymlinksInPath().path && target("exe")?.hasSuffix("/postgres") == true
    }

    // MARK: - Standbys

    /// In the form that libpq reads, beside the data.
    static let passwordFile = "passfile"

    private var signal: URL { data.appendingPathComponent("standby.signal") }
    private var marker: URL { directory.appendingPathComponent("database-created") }

    /// Whether the data is a standby's: it follows its primary when it is started.
    var isStandby: Bool { FileManager.default.fileExists(atPath: signal.path) }

    /// It starts from a new copy the next time.
    func forgetStandby() throws { try FileManager.default.removeItem(at: signal) }

    /// Replaces the data by a copy of the server on `port`, as its standby. An interrupted attempt is begun afresh.
    func copy(from port: Int) async throws {
        let manager = FileManager.default
        let unfinished = directory.appendingPathComponent("data.new")
        for leftover in [data, unfinished] { try? manager.removeItem(at: leftover) }
        let passwords = directory.appendingPathComponent(Self.passwordFile)
        try PrivateFile.write("*:*:*:*:\(password)\n", to: passwords)
        try account?.takeOwnership(of: passwords)
        let arguments = [
            "-D", "\(Self.opened)/data.new", "-h", "127.0.0.1", "-p", "\(port)", "-U", Self.user, "--checkpoint=fast",
            "--wal-method=stream", "--write-recovery-conf",
        ]
        let login = ["PGPASSFILE": "\(Self.opened)/\(Self.passwordFile)", "PGSSLMODE": "disable"]
        _ = try await OneShot.run(
            programs.appendingPathComponent("pg_basebackup").path, arguments,
            environment: environment.merging(login) { $1 }, in: directory, openDirectory: directory,
            user: account?.name, timeout: .seconds(3_600))
        try PrivateFile.write("", to: marker)
        try manager.moveItem(at: unfinished, to: data)
    }

    /// Whether `primary` is far enough to be copied.
    func follows(_ primary: PostgresServer) async -> Bool {
        guard primary.isRunning, FileManager.default.fileExists(atPath: primary.cluster.marker.path) else {
            return false
        }
        return (try? await Readiness.postgres(port: primary.port, user: Self.user)()) == true
    }

    func connectionString(_ port: Int, _ database: String) -> String {
        "postgresql://\(Self.user):\(password)@127.0.0.1:\(port)/\(database)?sslmode=disable"
    }

    /// Once in the life of the data: `createdb` takes a tenth of a second that later starts can save.
    func createMainDatabase(port: Int) async throws {
        if FileManager.default.fileExists(atPath: marker.path) { return }
        try await createDatabase(DatabaseServers.mainDatabase, port: port)
        try PrivateFile.write("", to: marker)
    }

    func createDatabase(_ name: String, port: Int) async throws {
        let arguments = ["--template=template0", "--encoding=UTF8", "--lc-collate=C", "--lc-ctype=C", name]
        do {
            try await run("createdb", arguments, port: port)
        } catch let failure as StartFailure {
            guard failure.log?.lines.contains(where: { $0.hasSuffix("already exists") }) == true else { throw failure }
        }
    }

    /// Runs a statement in the database `postgres`.
    ///
    /// - Returns: the rows, columns with `|` between, without the last line's end.
    @discardableResult
    func query(_ sql: String, port: Int, timeout: Duration) async throws -> String {
        try await run("psql", ["--no-psqlrc", "-AtXq", "-c", sql], port: port, timeout: timeout)
            .trimmingCharacters(in: .newlines)
    }

    /// Runs one of PostgreSQL's client programs, and returns what it prints.
    @discardableResult
    func run(
        _ program: String, _ arguments: [String], port: Int, timeout: Duration = .seconds(60)
    ) async throws -> String {
        let connection = [
            "PGHOST": "127.0.0.1", "PGPORT": "\(port)", "PGUSER": Self.user, "PGPASSWORD": password,
            "PGDATABASE": "postgres", "PGSSLMODE": "disable",
            // A standby can't offer the isolation that is the default here.
            "PGOPTIONS": #"-c default_transaction_isolation=read\ committed"#,
        ]
        return try await OneShot.run(
            programs.appendingPathComponent(program).path, arguments,
            environment: environment.merging(connection) { $1 }, in: directory, timeout: timeout)
    }
}
