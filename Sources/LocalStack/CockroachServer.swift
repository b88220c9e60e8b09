package import Foundation
import Glibc

/// A private CockroachDB of one node, without TLS.
package struct CockroachServer: DatabaseServer {
    package let processes: [ManagedProcess]
    package let port: Int
    private let executable: String
    private let directory: URL

    /// Describes the server; nothing runs yet.
    package init(executable: String, directory: URL, port: Int? = nil) throws {
        let port = try port ?? FreePort.allocate()
        self.executable = executable
        self.directory = directory
        self.port = port
        let arguments = [
            "start-single-node", "--insecure", "--listen-addr=127.0.0.1:\(port)", "--http-addr=127.0.0.1:0",
            "--store=\(directory.appendingPathComponent("data").path)",
        ]
        var options = ManagedProcess.Options()
        options.prepare = { try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true) }
        let answers = Readiness.postgres(port: port, user: "root")
        options.ready = {
            guard try await answers() else { return false }
            try await Self.execute(
                "CREATE DATABASE IF NOT EXISTS \(DatabaseServers.mainDatabase)", executable, port, directory)
            return true
        }
        options.startTimeout = .seconds(60)
        processes = [
            ManagedProcess(
                name: "cockroach", endpoint: Self.connectionString(port, DatabaseServers.mainDatabase),
                description: ProcessDescription(
                    executable: executable, arguments: arguments, workingDirectory: directory,
                    logFile: directory.appendingPathComponent("cockroach.log")),
                options: options)
        ]
    }

    package func connectionString(database: String) -> String { Self.connectionString(port, database) }

    package func createDatabase(_ name: String) async throws {
        try await Self.execute("CREATE DATABASE IF NOT EXISTS \"\(name)\"", executable, port, directory)
    }

    package func dropDatabase(_ name: String) async throws {
        try await Self.execute("DROP DATABASE IF EXISTS \"\(name)\" CASCADE", executable, port, directory)
    }

    private static func connectionString(_ port: Int, _ database: String) -> String {
        "postgresql://root@127.0.0.1:\(port)/\(database)?sslmode=disable"
    }

    private static func execute(_ statement: String, _ executable: String, _ port: Int, _ directory: URL) async throws {
        let arguments = ["sql", "--insecure", "--host=127.0.0.1:\(port)", "--execute=\(statement)"]
        _ = try await OneShot.run(executable, arguments, in: directory)
    }
}
