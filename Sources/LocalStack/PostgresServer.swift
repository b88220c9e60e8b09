package import Foundation
import Glibc

/// A private PostgreSQL: SERIALIZABLE by default, UTC, collation C, TCP on 127.0.0.1 only, a password of its own.
///
/// PostgreSQL refuses to be root. As root it is run by the user `postgres` (or `nobody`), who owns `directory`, and it
/// reaches its data through a descriptor that we open, so that the parents of `directory` need not be open to that
/// user.
package struct PostgresServer: DatabaseServer {
    package let processes: [ManagedProcess]
    package let port: Int
    /// Holds `data`, `password` and `postgres.log`.
    package let directory: URL
    let cluster: PostgresCluster

    package struct Options: Sendable {
        /// False gives up fsync: commits survive a killed server but not a machine that loses power. For tests.
        package var durable = true
        /// Writes every statement to ``PostgresServer/statementLog``.
        package var logStatements = false
        package var name = "postgres"
        /// For one of a pair: further settings, the password that both have, what is done before a start instead of making
        /// the data directory, and when it has begun to answer.
        var settings: [String] = []
        var password: String?
        var prepare: (@Sendable () async throws -> Void)?
        var answered: @Sendable () async throws -> Void = {}
        /// Offers TLS beside connections in the clear.
        package var tls: TLSFiles?

        package init() {}
    }

    /// Describes the server; nothing runs yet.
    package init(directory: URL, port: Int? = nil, options: Options = Options()) throws {
        let port = try port ?? FreePort.allocate()
        let cluster = try PostgresCluster(directory: directory, password: options.password)
        self.port = port
        self.directory = directory
        self.cluster = cluster
        var settings = [
            "listen_addresses=127.0.0.1", "port=\(port)", "unix_socket_directories=", "cluster_name=\(options.name)",
            "default_transaction_isolation=serializable", "timezone=UTC", "log_timezone=UTC", "max_connections=200",
            "shared_buffers=128MB",
            // Planning a prepared statement anew for each execution would cost more than executing it.
            "plan_cache_mode=force_generic_plan",
            // So would compiling one, where the table is large. CockroachDB does neither.
            "jit=off",
        ]
        // Commits stay synchronous: a test that kills the server may count on what it was told.
        if !options.durable { settings += ["fsync=off", "full_page_writes=off"] }
        if options.logStatements {
            settings += [
                "log_statement=all", "log_destination=stderr,jsonlog", "logging_collector=on", "log_directory=log",
                "log_filename=statements.log", "log_rotation_age=0", "log_rotation_size=0",
            ]
        }
        settings += options.settings
        let tls = options.tls
        if tls != nil { settings += ["ssl=on", "ssl_cert_file=server.crt", "ssl_key_file=server.key"] }
        var process = ManagedProcess.Options()
        let prepare = options.prepare ?? { try await cluster.prepare() }
        process.prepare = {
            try await prepare()
            if let tls { try cluster.install(tls) }
        }
        let answers = Readiness.postgres(port: port, user: PostgresCluster.user)
        process.ready = {
            guard try await answers() else { return false }
            try await options.answered()
            try await cluster.createMainDatabase(port: port)
            return true
        }
        // "Fast": sessions are ended, work is rolled back, and a checkpoint is written.
        process.stopSignal = SIGINT
        process.advice = "If its data is damaged beyond repair and not needed, delete \(directory.path)."
        if options.logStatements {
            process.secondLog = cluster.data.appendingPathComponent("log/statements.log")
        }
        processes = [
            ManagedProcess(
                name: options.name, endpoint: cluster.connectionString(port, DatabaseServers.mainDatabase),
                description: cluster.server(settings), options: process)
        ]
    }

    /// Starts one, with the data in `directory`: made at the first start (about a second), used again later.
    package static func start(
        directory: URL, port: Int? = nil, options: Options = Options()
    ) async throws -> PostgresServer {
        let server = try PostgresServer(directory: directory, port: port, options: options)
        try await server.start()
        return server
    }

    /// With `logStatements`: one JSON object a line for each statement, with its parameters.
    package var statementLog: URL { cluster.data.appendingPathComponent("log/statements.json") }

    package func connectionString(database: String) -> String { cluster.connectionString(port, database) }

    package func createDatabase(_ name: String) async throws { try await cluster.createDatabase(name, port: port) }

    package func dropDatabase(_ name: String) async throws {
        try await cluster.run("dropdb", ["--if-exists", "--force", name], port: port)
    }
}
