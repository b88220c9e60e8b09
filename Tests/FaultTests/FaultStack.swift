import Foundation
import LocalStack

/// Two gateways and two projectors as processes of their own, database, RabbitMQ and Redis; between each role and each server
/// a proxy. What dies is started again, as `tidemark dev` does it.
struct FaultStack: Sendable {
    enum Kind: Sendable, Hashable, CaseIterable {
        case plain
        /// The database's directory is a file system of its own, of a few hundred megabytes.
        case smallDisk
    }

    let parts: [Part: [any Server]]
    let links: [Link: LinkProxy]
    let database: PostgresServer
    let rabbitMQ: RabbitMQServer
    let disk: SmallDisk?
    /// Of each gateway by itself.
    let urls: [String]

    static let partitions = 4

    /// Lends a stack that answers; nothing of it is left afterwards.
    static func with(_ kind: Kind, _ body: (FaultStack) async throws -> Void) async throws {
        let parent =
            ProcessInfo.processInfo.environment["TIDEMARK_TEST_DIRECTORY"].map { URL(fileURLWithPath: $0) }
            ?? FileManager.default.temporaryDirectory
        let directory = parent.appendingPathComponent("tidemark-faults-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let disk = kind == .smallDisk ? SmallDisk(directory.appendingPathComponent("postgres")) : nil
        try await disk?.mount()
        let supervisor = Supervisor { report in
            // What the ends of logs say of a fault while it lasts is no news.
            say("    \(report.prefix { $0 != "\n" })")
        }
        var stack: FaultStack?
        var failure: (any Error)?
        do {
            let made = try await FaultStack(directory: directory, disk: disk)
            stack = made
            try await supervisor.start([made.database, made.rabbitMQ] + made.servers(.redis))
            try await supervisor.start(made.servers(.projector) + made.servers(.gateway))
            try await body(made)
        } catch {
            failure = error
        }
        await supervisor.stopAll()
        for proxy in stack?.links.values ?? [:].values { await proxy.close() }
        try? await disk?.unmount()
        if let failure { throw failure }
        try FileManager.default.removeItem(at: directory)
    }

    private init(directory: URL, disk: SmallDisk?) async throws {
        self.disk = disk
        database = try PostgresServer(directory: directory.appendingPathComponent("postgres"))
        rabbitMQ = try RabbitMQServer(directory: directory.appendingPathComponent("rabbitmq"))
        let redis = try RedisServer(directory: directory.appendingPathComponent("redis"))
        let ports = [Part.database: database.port, .rabbitMQ: rabbitMQ.port, .redis: redis.port]
        var links: [Link: LinkProxy] = [:]
        for link in Link.allCases {
            if let port = ports[link.server] { links[link] = try await LinkProxy.start(to: port) }
        }
        self.links = links

        let roles = directory.appendingPathComponent("roles")
        try FileManager.default.createDirectory(at: roles, withIntermediateDirectories: true)
        var parts: [Part: [any Server]] = [.database: [database], .rabbitMQ: [rabbitMQ], .redis: [redis]]
        var urls: [String] = []
        for role in [Part.projector, .gateway] {
            var environment = ["TIDEMARK_PARTITIONS": "\(Self.partitions)"]
            for (server, name, url) in [
                (Part.database, "TIDEMARK_DATABASE_URL", database.connectionString),
                (.rabbitMQ, "TIDEMARK_AMQP_URL", rabbitMQ.url), (.redis, "TIDEMARK_REDIS_URL", redis.url),
            ] {
                let proxied = links[Link(role: role, server: server)]?.port
                environment[name] = url.replacingOccurrences(
                    of: ":\(ports[server] ?? 0)", with: ":\(proxied ?? 0)", options: .backwards)
            }
            for number in 1...2 {
                let process = try Self.process(role, number, environment, directory: roles)
                parts[role, default: []].append(process)
                if role == .gateway, let url = process.endpoint { urls.append(url) }
            }
        }
        self.parts = parts
        self.urls = urls
    }

    func servers(_ part: Part) -> [any Server] { parts[part] ?? [] }

    private static func process(
        _ role: Part, _ number: Int, _ environment: [String: String], directory: URL
    ) throws -> ManagedProcess {
        let port = try FreePort.allocate()
        var options = ManagedProcess.Options()
        options.ready = Readiness.http(port: port, path: "/readyz")
        // After a fault of everything, RabbitMQ alone takes many seconds.
        options.startTimeout = .seconds(120)
        let name = "\(role.rawValue)-\(number)"
        let executable = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
            .deletingLastPathComponent().appendingPathComponent("tidemark").path
        return ManagedProcess(
            name: name, endpoint: "http://127.0.0.1:\(port)",
            description: ProcessDescription(
                executable: executable, arguments: [role.rawValue, "--port", "\(port)"],
                environment: ProcessDescription.minimalEnvironment(home: directory).merging(environment) { $1 },
                workingDirectory: directory, logFile: directory.appendingPathComponent("\(name).log")),
            options: options)
    }
}
