package import Foundation

/// The servers that Tidemark needs, and Tidemark's own roles, on this machine until the task is cancelled.
package struct LocalStack: Sendable {
    package struct Options: Sendable {
        package var dataDirectory: URL
        /// Deletes what is in the data directory first.
        package var fresh = false
        /// Redis evicts beyond this.
        package var cacheBytes = 256 << 20
        /// A line for a person: something died, came back, or can't. From any thread.
        package var report: @Sendable (String) -> Void = { _ in }

        package init(dataDirectory: URL) {
            self.dataDirectory = dataDirectory
        }
    }

    /// Where the servers are. The strings contain passwords.
    package struct Endpoints: Sendable {
        package let database: String
        package let commandBus: String
        package let redisPort: Int
    }

    private let options: Options

    package init(_ options: Options) {
        self.options = options
    }

    /// Runs database, RabbitMQ and Redis, then the stages that `roles` describes (one after the other, what is within
    /// a stage side by side), calls `onReady`, and waits until the task is cancelled: then it stops everything, the
    /// last stage first, and returns. An error also returns only after everything has been stopped.
    ///
    /// The data directory is locked meanwhile; its `dev.json` lists what runs.
    package func run(
        roles: @Sendable (Endpoints) async throws -> [[any Server]], onReady: @Sendable () async throws -> Void
    ) async throws {
        let directory = options.dataDirectory.absoluteURL
        try refuseForeign(directory)
        let lock = try DirectoryLock(directory)
        defer { withExtendedLifetime(lock) {} }
        if options.fresh { try empty(directory) }

        let inventory = Inventory(directory.appendingPathComponent("dev.json"))
        let supervisor = Supervisor(inventory: inventory, report: options.report)
        do {
            try await start(supervisor, directory, roles)
            try await onReady()
            while true { try await Task.sleep(for: .seconds(86_400)) }
        } catch {
            await supervisor.stopAll()
            if error is CancellationError, Task.isCancelled { return }
            throw error
        }
    }

    private func start(
        _ supervisor: Supervisor, _ directory: URL, _ roles: @Sendable (Endpoints) async throws -> [[any Server]]
    ) async throws {
        let database = try DatabaseServers.preferred(directory: directory)
        let rabbit = try RabbitMQServer(directory: directory.appendingPathComponent("rabbitmq"))
        var cache = RedisServer.Options()
        cache.maximumMemoryBytes = options.cacheBytes
        let redis = try RedisServer(directory: directory.appendingPathComponent("redis"), options: cache)
        try await supervisor.start([database, rabbit, redis])
        let endpoints = Endpoints(
            database: database.connectionString, commandBus: rabbit.url, redisPort: redis.port)
        for stage in try await roles(endpoints) { try await supervisor.start(stage) }
    }

    /// A folder of something else, named by mistake, must not be filled with our files, let alone emptied by `fresh`.
    private func refuseForeign(_ directory: URL) throws {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []
        guard names.isEmpty || names.contains(DirectoryLock.fileName) else {
            throw StartFailure(
                name: directory.path, reason: "holds files and is not a data directory of Tidemark's",
                advice: "Choose a new or an empty directory.")
        }
    }

    private func empty(_ directory: URL) throws {
        let manager = FileManager.default
        for name in try manager.contentsOfDirectory(atPath: directory.path) where name != DirectoryLock.fileName {
            try manager.removeItem(at: directory.appendingPathComponent(name))
        }
    }
}
