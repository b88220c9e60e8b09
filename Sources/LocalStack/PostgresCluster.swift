import Foundation

/// The files of one PostgreSQL server, and the programs that work on them.
struct PostgresCluster: Sendable {
    /// The superuser of the cluster.
    static let user = DatabaseServers.mainDatabase

    let directory: URL
    private let programs: URL
    private let account: UserAccount?
    private let password: String

    /// Finds the programs and makes the directory and the password, if they are not there.
    init(directory: URL) throws {
        let initdb = try ExecutableFinder.find(
            "initdb", package: "postgresql", first: ExecutableFinder.postgresDirectories)
        programs = URL(fileURLWithPath: initdb).resolvingSymlinksInPath().deletingLastPathComponent()
        self.directory = directory
        account = UserAccount.forServersThatRefuseRoot
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let file = directory.appendingPathComponent("password")
        password = try PrivateFile.read(file, orWrite: PrivateFile.newSecret)
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

    private func isServer(_ process: ProcessStatus) -> Bool {
        func target(_ name: String) -> String? {
            try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(process.processIdentifier)/\(name)")
        }
        return target("cwd") == data.resolvingSymlinksInPath().path && target("exe")?.hasSuffix("/postgres") == true
    }

    func connectionString(_ port: Int, _ database: String) -> String {
        "postgresql://\(Self.user):\(password)@127.0.0.1:\(port)/\(database)?sslmode=disable"
    }

    /// Once in the life of the data: `createdb` takes a tenth of a second that later starts can save.
    func createMainDatabase(port: Int) async throws {
        let marker = directory.appendingPathComponent("database-created")
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

    /// Runs one of PostgreSQL's client programs.
    func run(_ program: String, _ arguments: [String], port: Int) async throws {
        let connection = [
            "PGHOST": "127.0.0.1", "PGPORT": "\(port)", "PGUSER": Self.user, "PGPASSWORD": password,
            "PGDATABASE": "postgres", "PGSSLMODE": "disable",
        ]
        _ = try await OneShot.run(
            programs.appendingPathComponent(program).path, arguments,
            environment: environment.merging(connection) { $1 }, in: directory)
    }
}
