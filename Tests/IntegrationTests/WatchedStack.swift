import Foundation
import LocalStack
import Testing

/// A whole stack as processes of its own, one or two of each, with the exporters and a Prometheus that evaluates the rules of
/// `compose/prometheus/rules` every second.
///
/// Nothing is started again: what a test kills stays dead. The rules' `for` is taken out, so that a test needs not wait for
/// what `promtool test rules` shows; their expressions are the files'.
struct WatchedStack: Sendable {
    static let partitions = 4
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    let directory: URL
    let postgres: PostgresServer
    let rabbitMQ: RabbitMQServer
    let redis: RedisServer
    let gateways: [ManagedProcess]
    let projector: ManagedProcess
    let nginx: NginxServer
    let prometheus: ManagedProcess
    private let exporters: [ManagedProcess]
    /// nginx's.
    let url: String

    static func with(_ body: (WatchedStack) async throws -> Void) async throws {
        let stack = try WatchedStack()
        do {
            try await stack.start()
            try await body(stack)
        } catch {
            await stack.stop()
            throw error
        }
        await stack.stop()
    }

    private init() throws {
        let directory = TestServers.directory.appendingPathComponent("watched-\(UUID().uuidString.prefix(8))")
        let home = directory.appendingPathComponent("roles")
        try FileManager.default.createDirectory(at: home, withIntermediateDirectories: true)
        let ports = try FreePort.allocate(10)
        var options = PostgresServer.Options()
        options.durable = false
        let postgres = try PostgresServer(directory: directory.appendingPathComponent("postgres"), options: options)
        let rabbitMQ = try RabbitMQServer(
            directory: directory.appendingPathComponent("rabbitmq"), metricsPort: ports[0])
        let redis = try RedisServer(directory: directory.appendingPathComponent("redis"))
        let database = postgres.connectionString(database: "tidemark")
        let environment = [
            "TIDEMARK_DATABASE_URL": database, "TIDEMARK_AMQP_URL": rabbitMQ.url, "TIDEMARK_REDIS_URL": redis.url,
            "TIDEMARK_PARTITIONS": "\(Self.partitions)",
            // All of the newest events, so that one bad entry is found within seconds.
            "TIDEMARK_PROJECTOR_AUDIT_READS": "1000",
        ]
        func process(
            _ name: String, _ executable: String, _ arguments: [String], port: Int, path: String,
            _ environment: [String: String] = [:]
        ) -> ManagedProcess {
            var options = ManagedProcess.Options()
            options.ready = Readiness.http(port: port, path: path)
            options.startTimeout = .seconds(60)
            return ManagedProcess(
                name: name, endpoint: "http://127.0.0.1:\(port)",
                description: ProcessDescription(
                    executable: executable, arguments: arguments,
                    environment: ProcessDescription.minimalEnvironment(home: home).merging(environment) { $1 },
                    workingDirectory: home, logFile: directory.appendingPathComponent("\(name).log")),
                options: options)
        }
        func role(_ name: String, _ number: Int, port: Int) -> ManagedProcess {
            process(
                "\(name)-\(number)", DevProcess.executable, [name, "--port", "\(port)"], port: port, path: "/readyz",
                environment)
        }
        func exporter(
            _ name: String, port: Int, _ arguments: [String], _ environment: [String: String] = [:]
        ) throws -> ManagedProcess {
            let program = "prometheus-\(name)-exporter"
            return process(
                program, try ExecutableFinder.find(program, package: program), arguments, port: port, path: "/metrics",
                environment)
        }
        gateways = [role("gateway", 1, port: ports[1]), role("gateway", 2, port: ports[2])]
        projector = role("projector", 1, port: ports[3])
        nginx = try NginxServer(
            directory: directory.appendingPathComponent("nginx"), gatewayPorts: [ports[1], ports[2]],
            statusPort: ports[4])
        exporters = [
            try exporter("redis", port: ports[5], ["-web.listen-address", "127.0.0.1:\(ports[5])", "-redis.addr="]),
            try exporter(
                "postgres", port: ports[6], ["--web.listen-address", "127.0.0.1:\(ports[6])"],
                ["DATA_SOURCE_NAME": database]),
            try exporter(
                "nginx", port: ports[7],
                [
                    "-web.listen-address", "127.0.0.1:\(ports[7])", "-nginx.scrape-uri",
                    "http://127.0.0.1:\(ports[4])/", "-nginx.retries", "20",
                ]),
        ]
        let configuration = directory.appendingPathComponent("prometheus.yml")
        try Self.rules(into: directory)
        try Data(
            """
            global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}
            rule_files: [\(directory.path)/rules/*.yml]
            scrape_configs:
              - job_name: prometheus
                static_configs: [targets: ['127.0.0.1:\(ports[8])']]
              - job_name: gateway
                static_configs: [targets: ['127.0.0.1:\(ports[1])', '127.0.0.1:\(ports[2])']]
              - job_name: projector
                static_configs: [targets: ['127.0.0.1:\(ports[3])']]
              - job_name: rabbitmq
                static_configs: [targets: ['127.0.0.1:\(ports[0])']]
              - job_name: rabbitmq-queues
                metrics_path: /metrics/detailed
                params: {family: [queue_coarse_metrics, queue_consumer_count]}
                static_configs: [targets: ['127.0.0.1:\(ports[0])']]
              - job_name: redis
                metrics_path: /scrape
                static_configs: [targets: ['127.0.0.1:\(redis.port)']]
                relabel_configs:
                  - {source_labels: [__address__], target_label: __param_target, replacement: 'redis://$1'}
                  - {source_labels: [__address__], target_label: instance}
                  - {target_label: __address__, replacement: '127.0.0.1:\(ports[5])'}
              - job_name: nginx
                static_configs: [targets: ['127.0.0.1:\(ports[7])']]
              # The exporter tries for three seconds before it says that the server is down.
              - job_name: postgres
                scrape_interval: 5s
                scrape_timeout: 5s
                static_configs: [targets: ['127.0.0.1:\(ports[6])']]

            """.utf8
        ).write(to: configuration)
        prometheus = process(
            "prometheus", try ExecutableFinder.find("prometheus", package: "prometheus"),
            [
                "--config.file=\(configuration.path)",
                "--storage.tsdb.path=\(directory.appendingPathComponent("tsdb").path)",
                "--web.listen-address=127.0.0.1:\(ports[8])",
            ], port: ports[8], path: "/-/ready")
        self.directory = directory
        self.postgres = postgres
        self.rabbitMQ = rabbitMQ
        self.redis = redis
        url = "http://127.0.0.1:\(nginx.port)"
    }

    private static func rules(into directory: URL) throws {
        let target = directory.appendingPathComponent("rules")
        try FileManager.default.createDirectory(at: target, withIntermediateDirectories: true)
        let source = root.appendingPathComponent("compose/prometheus/rules")
        for file in try FileManager.default.contentsOfDirectory(at: source, includingPropertiesForKeys: nil) {
            let text = try String(contentsOf: file, encoding: .utf8)
            try Data(text.replacing(#/\ for: \w+/#, with: " for: 0s").utf8)
                .write(to: target.appendingPathComponent(file.lastPathComponent))
        }
    }

    private func start() async throws {
        async let started: Void = rabbitMQ.start()
        try await postgres.start()
        try await postgres.createDatabase("tidemark")
        try await redis.start()
        try await started
        try await projector.start()
        for gateway in gateways { try await gateway.start() }
        try await nginx.start()
        for exporter in exporters { try await exporter.start() }
        try await prometheus.start()
    }

    private func stop() async {
        let all: [any Server] = [prometheus] + exporters + [nginx] + gateways + [projector, redis, rabbitMQ, postgres]
        for server in all { await server.stop() }
        try? FileManager.default.removeItem(at: directory)
    }

    // MARK: - What Prometheus says

    /// The alerts that fire, as `Name` or `Name{label}` with what tells one from another.
    func firing() async throws -> Set<String> {
        let answer = try await HTTP.send(.get, (prometheus.endpoint ?? "") + "/api/v1/alerts")
        let data = answer.json["data"] as? [String: Any]
        let alerts = data?["alerts"] as? [[String: Any]] ?? []
        return Set(
            alerts.filter { $0["state"] as? String == "firing" }.map { alert in
                let labels = alert["labels"] as? [String: String] ?? [:]
                let detail = labels["slo"] ?? labels["job"] ?? labels["outcome"] ?? labels["reason"]
                return (labels["alertname"] ?? "") + (detail.map { "{\($0)}" } ?? "")
            })
    }

    /// The names of the metrics that a process exports.
    func exported(by process: ManagedProcess) async throws -> Set<String> {
        let text = try await HTTP.send(.get, (process.endpoint ?? "") + "/metrics").text
        return Set(text.matches(of: #/# TYPE (\S+)/#).map { String($0.output.1) })
    }
}
