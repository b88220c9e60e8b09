package import Foundation

/// The servers that Tidemark needs, and Tidemark's own roles, on this machine until the task is cancelled.
package struct LocalStack: Sendable {
    package struct Options: Sendable {
        package var dataDirectory: URL
        /// Deletes what is in the data directory first.
        package var fresh = false
        /// Each server so often that one may die: three RabbitMQ nodes, PostgreSQL with a synchronous standby, Redis with a
        /// replica and three Sentinels.
        package var redundant = false
        /// Redis evicts beyond this.
        package var cacheBytes = 256 << 20
        /// A line for a person: something died, came back, or can't. From any thread.
        package var report: @Sendable (String) -> Void = { _ in }

        package init(dataDirectory: URL) {
            self.dataDirectory = dataDirectory
        }
    }

    /// Where the servers are. The strings contain passwords, and name several hosts where there are several.
    package struct Endpoints: Sendable {
        package let database: String
        package let commandBus: String
        package let cache: String
    }

    private let options: Options

    package init(_ options: Options) {
        self.options = options
    }

    /// Runs the servers, then `body`, which starts more, and waits until the task is cancelled: then it stops
    /// everything, what was started last first, and returns. An error also returns only after everything has been stopped.
    ///
    /// The data directory is locked meanwhile; its `dev.json` lists what runs.
    package func run(
        _ body: @Sendable (Endpoints, Supervisor) async throws -> Void = { _, _ in }
    ) async throws {
        let directory = options.dataDirectory.absoluteURL
        try refuseForeign(directory)
        let lock = try DirectoryLock(directory)
        defer { withExtendedLifetime(lock) {} }
        if options.fresh { try empty(directory) }

        let inventory = Inventory(directory.appendingPathComponent("dev.json"))
        let supervisor = Supervisor(inventory: inventory, report: options.report)
        let servers = try await servers(in: directory)
        let watch = Task { await servers.watch() }
        do {
            for stage in servers.stages { try await supervisor.start(stage) }
            try await body(servers.endpoints, supervisor)
            while true { try await Task.sleep(for: .seconds(86_400)) }
        } catch {
            watch.cancel()
            await watch.value
            await supervisor.stopAll()
            if error is CancellationError, Task.isCancelled { return }
            throw error
        }
    }

    private func servers(in directory: URL) async throws -> StackServers {
        guard options.redundant else {
            return try StackServers.single(directory: directory, cacheBytes: options.cacheBytes)
        }
        return try await StackServers.redundant(
            directory: directory, cacheBytes: options.cacheBytes, report: options.report)
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
