package import Foundation
import Glibc

/// A private Redis.
package struct RedisServer: Server {
    package let processes: [ManagedProcess]
    package let port: Int
    /// Holds the data and `redis.log`.
    package let directory: URL

    package struct Options: Sendable {
        /// Writes every command to the append-only file (synced once a second); otherwise a snapshot a minute.
        package var appendOnly = false
        /// With a limit, the least recently used entries go when it is reached. Keys without an expiry stay: the version vectors.
        package var maximumMemoryBytes: Int?
        /// Port of the master on 127.0.0.1 that this one follows.
        package var replicaOf: Int?
        package var name = "redis"
        /// In place of `replicaOf`, for one whose role changes: asked before each start; `nil` makes it a master.
        var master: (@Sendable () async throws -> Int?)?

        package init() {}
    }

    /// Describes the server; nothing runs yet.
    package init(directory: URL, port: Int? = nil, options: Options = Options()) throws {
        let port = try port ?? FreePort.allocate()
        let executable = try ExecutableFinder.find("redis-server", package: "redis-server")
        var arguments = [
            "--bind", "127.0.0.1", "--port", "\(port)", "--dir", directory.path, "--daemonize", "no",
            "--save", "60 1", "--appendonly", options.appendOnly ? "yes" : "no",
        ]
        if let limit = options.maximumMemoryBytes {
            arguments += ["--maxmemory", "\(limit)", "--maxmemory-policy", "volatile-lru"]
        }
        if let master = options.replicaOf {
            arguments += ["--replicaof", "127.0.0.1 \(master)"]
        }
        let role = directory.appendingPathComponent("role.conf")
        if options.master != nil {
            // A full copy for a replica begins at once. Sentinel rewrites the file when it gives out the roles.
            arguments = [role.path] + arguments + ["--repl-diskless-sync-delay", "0"]
        }
        var process = ManagedProcess.Options()
        process.prepare = {
            try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
            guard let master = options.master else { return }
            try PrivateFile.write(try await master().map { "replicaof 127.0.0.1 \($0)\n" } ?? "\n", to: role)
        }
        process.ready = Readiness.redis(port: port)
        process.advice = "If its data is damaged, delete \(directory.path): the cache fills itself again."
        self.port = port
        self.directory = directory
        processes = [
            ManagedProcess(
                name: options.name, endpoint: "redis://127.0.0.1:\(port)",
                description: ProcessDescription(
                    executable: executable, arguments: arguments, workingDirectory: directory,
                    logFile: directory.appendingPathComponent("redis.log")),
                options: process)
        ]
    }

    /// Starts one; its data is in `directory`, what was there is used again.
    package static func start(
        directory: URL, port: Int? = nil, options: Options = Options()
    ) async throws -> RedisServer {
        let server = try RedisServer(directory: directory, port: port, options: options)
        try await server.start()
        return server
    }

    /// `redis://127.0.0.1:port`
    package var url: String { "redis://127.0.0.1:\(port)" }
}
