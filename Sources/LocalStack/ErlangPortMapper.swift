package import Foundation

/// `epmd` on a port of our own: RabbitMQ's nodes and tools find each other through it, and never through one that is
/// already on the machine. Nodes of one cluster share one.
package struct ErlangPortMapper: Server {
    package let processes: [ManagedProcess]
    package let port: Int

    /// Describes it; nothing runs yet. `directory` gets its log.
    package init(directory: URL, port: Int? = nil, name: String = "epmd") throws {
        let port = try port ?? FreePort.allocate()
        self.port = port
        let executable = try ExecutableFinder.find("epmd", package: "erlang-base")
        var options = ManagedProcess.Options()
        options.prepare = { try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true) }
        options.ready = Readiness.listening(port: port)
        options.grace = .seconds(1)
        processes = [
            ManagedProcess(
                name: name, endpoint: "epmd://127.0.0.1:\(port)",
                description: ProcessDescription(
                    executable: executable, arguments: ["-port", "\(port)", "-address", "127.0.0.1"],
                    workingDirectory: directory, logFile: directory.appendingPathComponent("epmd.log")),
                options: options)
        ]
    }
}
