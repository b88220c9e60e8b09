package import Foundation

/// A private RabbitMQ node: its own name, cookie, user, data, logs and `epmd`, all on 127.0.0.1, so that it never
/// meets another one on the machine. A start takes some seconds.
package struct RabbitMQServer: Server {
    package let processes: [ManagedProcess]
    package let port: Int
    /// Where it speaks TLS, if it does.
    package let tlsPort: Int?
    /// Generated at the first start, like the password.
    package let user: String
    package let password: String
    /// Holds the data, the configuration and `rabbitmq.log`.
    package let directory: URL
    /// `name@localhost`, as `rabbitmqctl` knows it.
    package var nodeName: String { node.name }
    private let node: RabbitMQNode

    /// Describes the server; nothing runs yet.
    ///
    /// - Parameter metricsPort: where it tells Prometheus about itself; the plugin for that costs a start some tenths of a second.
    package init(
        directory: URL, port: Int? = nil, name: String = "rabbitmq", tls: TLSFiles? = nil, metricsPort: Int? = nil
    ) throws {
        try self.init(
            directory: directory, port: port, name: name, membership: nil, tls: tls, metricsPort: metricsPort)
    }

    /// - Parameter membership: of a cluster, whose port mapper is somebody else's to start.
    init(
        directory: URL, port: Int? = nil, name: String, membership: RabbitMQCluster.Membership?, tls: TLSFiles? = nil,
        metricsPort: Int? = nil
    ) throws {
        let portMapper =
            try membership?.portMapper ?? ErlangPortMapper(directory: directory, name: "\(name)-epmd")
        let ports = try FreePort.allocate(3)
        let port = port ?? ports[0]
        let node = try RabbitMQNode(
            directory: directory, port: port, distributionPort: ports[1], portMapperPort: portMapper.port,
            membership: membership, tls: tls.map { (ports[2], $0) }, metricsPort: metricsPort)
        tlsPort = tls.map { _ in ports[2] }
        self.directory = directory
        self.port = port
        self.node = node
        user = node.user
        password = node.password
        var options = ManagedProcess.Options()
        options.prepare = { try node.writeConfiguration() }
        options.ready = Readiness.rabbitMQ(port: port, user: node.user, password: node.password)
        options.grace = .seconds(30)
        options.startTimeout = .seconds(120)
        options.advice = "If its data is damaged and nothing queued in it is needed, delete \(directory.path)."
        let process = ManagedProcess(
            name: name, endpoint: Self.url(user, password, port), description: node.server, options: options)
        processes = (membership == nil ? portMapper.processes : []) + [process]
    }

    /// Starts one; its data is in `directory`, what was there is used again.
    package static func start(
        directory: URL, port: Int? = nil, name: String = "rabbitmq"
    ) async throws -> RabbitMQServer {
        let server = try RabbitMQServer(directory: directory, port: port, name: name)
        try await server.start()
        return server
    }

    /// For the virtual host `/`; contains the password.
    package var url: String { Self.url(user, password, port) }

    /// For another virtual host; contains the password.
    package func url(virtualHost: String) -> String {
        let escaped = virtualHost.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? virtualHost
        return "amqp://\(user):\(password)@127.0.0.1:\(port)/\(escaped)"
    }

    private static func url(_ user: String, _ password: String, _ port: Int) -> String {
        "amqp://\(user):\(password)@127.0.0.1:\(port)/%2f"
    }

    /// Runs `rabbitmqctl` against this node and returns what it prints. Costs one or two seconds of a processor.
    package func control(_ arguments: [String]) async throws -> String {
        try await node.control(arguments)
    }

    /// Adds a virtual host that ``user`` may use in full.
    package func createVirtualHost(_ name: String) async throws {
        _ = try await control(["add_vhost", name])
        _ = try await control(["set_permissions", "--vhost", name, user, ".*", ".*", ".*"])
    }

    package func deleteVirtualHost(_ name: String) async throws {
        _ = try await control(["delete_vhost", name])
    }
}
