import Foundation
import LocalStack

/// Two gateways and two projectors as processes of their own, database, RabbitMQ and Redis. What dies is started again, as
/// `tidemark dev` does it.
struct FaultStack: Sendable {
    enum Kind: Sendable, Hashable, CaseIterable {
        /// One of each server, and between each role and each server a proxy.
        case plain
        /// The same, and the database's directory is a file system of its own, of a few hundred megabytes.
        case smallDisk
        /// Each server so often that one may die, as in `tidemark dev --ha`.
        case redundant
    }

    let directory: URL
    let parts: [Part: [any Server]]
    let links: [Link: LinkProxy]
    let disk: SmallDisk?
    let reports: Reports
    /// Of each gateway by itself.
    let urls: [String]
    private let servers: StackServers

    static let partitions = 4

    /// Lends a stack that answers; nothing of it runs afterwards. Its files stay when something went wrong.
    static func with(_ kind: Kind, _ body: (FaultStack) async throws -> Void) async throws {
        let parent =
            ProcessInfo.processInfo.environment["TIDEMARK_TEST_DIRECTORY"].map { URL(fileURLWithPath: $0) }
            ?? FileManager.default.temporaryDirectory
        let directory = parent.appendingPathComponent("tidemark-faults-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let disk = kind == .smallDisk ? SmallDisk(directory.appendingPathComponent("postgres")) : nil
        try await disk?.mount()
        do {
            let stack = try await FaultStack(kind, directory, disk)
            try await stack.run { try await body(stack) }
        } catch {
            try? await disk?.unmount()
            throw error
        }
        try await disk?.unmount()
        try FileManager.default.removeItem(at: directory)
    }

    private init(_ kind: Kind, _ directory: URL, _ disk: SmallDisk?) async throws {
        let reports = Reports()
        self.directory = directory
        self.disk = disk
        self.reports = reports
        let cacheBytes = 64 << 20
        let servers =
            kind == .redundant
            ? try await StackServers.redundant(directory: directory, cacheBytes: cacheBytes) { reports.add($0) }
            : try StackServers.single(directory: directory, cacheBytes: cacheBytes)
        self.servers = servers
        var parts = Dictionary(grouping: servers.stages.joined()) { Part(of: $0) }
        parts[nil] = nil

        var links: [Link: LinkProxy] = [:]
        let roles = directory.appendingPathComponent("roles")
        try FileManager.default.createDirectory(at: roles, withIntermediateDirectories: true)
        var urls: [String] = []
        for role in [Part.projector, .gateway] {
            var environment = ["TIDEMARK_PARTITIONS": "\(Self.partitions)"]
            for (part, name, url) in [
                (Part.database, "TIDEMARK_DATABASE_URL", servers.endpoints.database),
                (.rabbitMQ, "TIDEMARK_AMQP_URL", servers.endpoints.commandBus),
                (.redis, "TIDEMARK_REDIS_URL", servers.endpoints.cache),
            ] {
                environment[name] = url
                guard kind != .redundant, let port = URLComponents(string: url)?.port else { continue }
                let proxy = try await LinkProxy.start(to: port)
                links[Link(role: role, server: part)] = proxy
                environment[name] = url.replacingOccurrences(of: "127.0.0.1:\(port)", with: "127.0.0.1:\(proxy.port)")
            }
            for number in 1...2 {
                let process = try Self.process(role, number, environment, directory: roles)
                parts[role, default: []].append(process)
                if role == .gateway, let url = process.endpoint { urls.append(url) }
            }
        }
        self.parts = Dictionary(uniqueKeysWithValues: parts.compactMap { part, all in part.map { ($0, all) } })
        self.links = links
        self.urls = urls
    }

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

    private func run(_ body: () async throws -> Void) async throws {
        let supervisor = Supervisor { [reports] in reports.add($0) }
        let watch = Task { await servers.watch() }
        var failure: (any Error)?
        do {
            for stage in servers.stages { try await supervisor.start(stage) }
            try await supervisor.start(self[.projector] + self[.gateway])
            try await untilWhole()
            try await body()
        } catch {
            failure = error
        }
        watch.cancel()
        await watch.value
        await supervisor.stopAll()
        for proxy in links.values { await proxy.close() }
        if let failure { throw failure }
    }

    subscript(part: Part) -> [any Server] { parts[part] ?? [] }
}
