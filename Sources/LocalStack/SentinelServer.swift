package import Foundation

/// A private Redis Sentinel that watches one master on 127.0.0.1.
package struct SentinelServer: Server {
    package let processes: [ManagedProcess]
    package let port: Int

    /// Describes the server; nothing runs yet. What it learns is kept in `directory`, so the master and its port count
    /// only at the first start there. A master silent for `downAfter` is voted down by `quorum` Sentinels.
    package init(
        directory: URL, port: Int? = nil, masterName: String = "tidemark", masterPort: Int, quorum: Int = 2,
        downAfter: Duration = .seconds(2), name: String = "sentinel"
    ) throws {
        let port = try port ?? FreePort.allocate()
        self.port = port
        let executable = try ExecutableFinder.find("redis-server", package: "redis-server")
        let file = directory.appendingPathComponent("sentinel.conf")
        let milliseconds = Int(downAfter / .milliseconds(1))
        var options = ManagedProcess.Options()
        options.prepare = {
            try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
            // Sentinel rewrites this file as it learns.
            guard !FileManager.default.fileExists(atPath: file.path) else { return }
            let configuration = """
                dir \(directory.path)
                sentinel monitor \(masterName) 127.0.0.1 \(masterPort) \(quorum)
                sentinel down-after-milliseconds \(masterName) \(milliseconds)
                sentinel failover-timeout \(masterName) \(milliseconds * 3)

                """
            try PrivateFile.write(configuration, to: file)
        }
        options.ready = Readiness.redis(port: port)
        let arguments = [file.path, "--sentinel", "--bind", "127.0.0.1", "--port", "\(port)", "--daemonize", "no"]
        processes = [
            ManagedProcess(
                name: name, endpoint: "redis-sentinel://127.0.0.1:\(port)/\(masterName)",
                description: ProcessDescription(
                    executable: executable, arguments: arguments, workingDirectory: directory,
                    logFile: directory.appendingPathComponent("sentinel.log")),
                options: options)
        ]
    }

    /// Asks the Sentinel at `port` for a master's port.
    package static func master(named name: String, at port: Int) async throws -> Int? {
        try await LoopbackConnection.run(port: port) { connection in
            try connection.write(Array("SENTINEL GET-MASTER-ADDR-BY-NAME \(name)\r\n".utf8))
            // *2, $length, address, $length, port
            guard try connection.readLine() == "*2" else { return nil }
            for _ in 0..<3 { _ = try connection.readLine() }
            return Int(try connection.readLine())
        }
    }
}
