import Foundation

/// The files and the environment of one RabbitMQ node.
struct RabbitMQNode: Sendable {
    let name: String
    let user = "tidemark"
    let password: String
    private let directory: URL
    private let port: Int
    private let distributionPort: Int
    private let portMapperPort: Int
    private let cookie: String
    private let peers: [String]
    private let serverScript: String
    private let controlScript: String
    private let tls: (port: Int, files: TLSFiles)?
    private let metricsPort: Int?

    /// Where Debian keeps the scripts themselves; those in /usr/sbin change the user first.
    private static let scripts = ["/usr/lib/rabbitmq/bin"]

    /// Finds the scripts and makes the directory, the node's name, cookie and password, if they are not there.
    init(
        directory: URL, port: Int, distributionPort: Int, portMapperPort: Int, membership: RabbitMQCluster.Membership?,
        tls: (port: Int, files: TLSFiles)? = nil, metricsPort: Int? = nil
    ) throws {
        self.tls = tls
        self.metricsPort = metricsPort
        serverScript = try ExecutableFinder.find("rabbitmq-server", package: "rabbitmq-server", first: Self.scripts)
        controlScript = try ExecutableFinder.find("rabbitmqctl", package: "rabbitmq-server", first: Self.scripts)
        self.directory = directory
        self.port = port
        self.distributionPort = distributionPort
        self.portMapperPort = portMapperPort
        name = try Self.name(in: directory)
        password = try Self.kept("password", in: directory) { membership?.password ?? PrivateFile.newSecret() }
        cookie = try Self.kept("cookie", in: directory) { membership?.cookie ?? PrivateFile.newSecret() }
        peers = membership?.peers ?? []
    }

    /// The node's name, made at the first time.
    static func name(in directory: URL) throws -> String {
        try kept("node-name", in: directory) { "tidemark-\(PrivateFile.newSecret().prefix(12))@localhost" }
    }

    private static func kept(_ file: String, in directory: URL, _ generate: () -> String) throws -> String {
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        return try PrivateFile.read(directory.appendingPathComponent(file), orWrite: generate)
    }

    /// The broker in the foreground, with nothing between it and us.
    var server: ProcessDescription {
        ProcessDescription(
            executable: serverScript, environment: environment, workingDirectory: directory,
            logFile: directory.appendingPathComponent("rabbitmq.log"))
    }

    private var configuration: String {
        """
        listeners.tcp.1 = 127.0.0.1:\(port)
        default_user = \(user)
        default_pass = \(password)
        log.console = true
        log.console.level = info
        log.file = false
        vm_memory_high_watermark.relative = 0.3
        disk_free_limit.absolute = 50MB
        raft.wal_max_size_bytes = 67108864

        """ + (peers.isEmpty ? "" : clusterConfiguration) + (tls.map(secureListener) ?? "")
            + (metricsPort.map { "prometheus.tcp.ip = 127.0.0.1\nprometheus.tcp.port = \($0)\n" } ?? "")
    }

    private func secureListener(_ port: Int, _ files: TLSFiles) -> String {
        """
        listeners.ssl.1 = 127.0.0.1:\(port)
        ssl_options.cacertfile = \(files.authorities.path)
        ssl_options.certfile = \(files.certificate.path)
        ssl_options.keyfile = \(files.key.path)
        ssl_options.verify = verify_none

        """
    }

    /// Leaders of queues are spread over the nodes. A node that is cut off from the others stops serving, so that there are
    /// never two halves.
    private var clusterConfiguration: String {
        """
        cluster_formation.peer_discovery_backend = classic_config
        cluster_partition_handling = pause_minority
        queue_leader_locator = balanced

        """
            + peers.enumerated().map { "cluster_formation.classic_config.nodes.\($0 + 1) = \($1)\n" }.joined()
    }

    private var environment: [String: String] {
        var loopback = "-kernel inet_dist_use_interface {127,0,0,1}"
        // A node that hangs is given up after so many seconds; declarations wait for it until then. The usual is 60.
        if !peers.isEmpty { loopback += " -kernel net_ticktime 10" }
        let own = [
            "RABBITMQ_NODENAME": name,
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": "\(port)",
            "RABBITMQ_DIST_PORT": "\(distributionPort)",
            "RABBITMQ_MNESIA_BASE": path("data"),
            "RABBITMQ_LOG_BASE": path("log"),
            "RABBITMQ_CONFIG_FILE": path("rabbitmq.conf"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": path("advanced.config"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": path("enabled_plugins"),
            "RABBITMQ_CONF_ENV_FILE": path("no-such.conf"),
            "RABBITMQ_GENERATED_CONFIG_DIR": path("config"),
            "RABBITMQ_SCHEMA_DIR": path("schema"),
            "RABBITMQ_PID_FILE": path("node.pid"),
            // Busy waiting would take the processors from everyone else on a small machine.
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS":
                "+sbwt none +sbwtdcpu none +sbwtdio none -start_epmd false \(loopback)",
            "RABBITMQ_CTL_ERL_ARGS": "+sbwt none -start_epmd false \(loopback)",
            // Any free port for the tools' end of their connection to the node.
            "RABBITMQ_CTL_DIST_PORT_MIN": "0",
            "RABBITMQ_CTL_DIST_PORT_MAX": "0",
            "ERL_EPMD_PORT": "\(portMapperPort)",
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_CRASH_DUMP": path("erl_crash.dump"),
            // Makes the start script replace itself by the broker; otherwise it stays as its parent, and the broker
            // would survive the script's SIGKILL.
            "RUNNING_UNDER_SYSTEMD": "true",
        ]
        return ProcessDescription.minimalEnvironment(home: directory).merging(own) { $1 }
    }

    private func path(_ name: String) -> String { directory.appendingPathComponent(name).path }

    /// Ports may differ from the last start's; everything else is the same text again.
    func writeConfiguration() throws {
        try PrivateFile.write(configuration, to: directory.appendingPathComponent("rabbitmq.conf"))
        try PrivateFile.write(
            metricsPort == nil ? "[].\n" : "[rabbitmq_prometheus].\n",
            to: directory.appendingPathComponent("enabled_plugins"))
        try PrivateFile.write(cookie, to: directory.appendingPathComponent(".erlang.cookie"), mode: 0o400)
    }

    func control(_ arguments: [String]) async throws -> String {
        try await OneShot.run(
            controlScript, ["--quiet", "--node", name] + arguments, environment: environment, in: directory)
    }
}
