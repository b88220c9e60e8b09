import AsyncHTTPClient
import Cache
import Commands
import EventLog
import Foundation
import Gateway
import LocalStack
import Logging
import NIOCore
import NIOHTTP1
import Projector
import Prometheus
import Retention
import ServiceLifecycle
import Testing

/// A Tidemark of a test's own: its database, queues and cache keys on the suite's servers; gateways and projectors run in
/// this process.
struct TestCluster: Sendable {
    let name = "test-\(UUID().uuidString.prefix(8).lowercased())"
    var database: PostgresConfiguration
    var description: ClusterDescription
    let bus: RabbitMQConfiguration
    let redis: RedisConfiguration

    init(
        partitions: Int = 4, redisURL: String? = nil, bus change: (inout RabbitMQConfiguration) -> Void = { _ in }
    ) async throws {
        let postgres = try await TestServers.postgres.value
        let databaseName = name.replacingOccurrences(of: "-", with: "_")
        try await postgres.createDatabase(databaseName)
        database = PostgresConfiguration(connectionString: postgres.connectionString(database: databaseName))
        description = try await Migrator.migrate(database, partitions: partitions)
        var bus = try RabbitMQConfiguration(urls: try await TestServers.rabbitMQ.value.url)
        bus.namespace = name
        change(&bus)
        self.bus = bus
        let url = if let redisURL { redisURL } else { try await TestServers.redis.value.url }
        var redis = RedisConfiguration(url: try RedisURL(url))
        redis.namespace = name
        self.redis = redis
    }

    static let quiet: Logger = {
        var logger = Logger(label: "test")
        logger.logLevel = ProcessInfo.processInfo.environment["TIDEMARK_TEST_LOG"] == nil ? .critical : .debug
        return logger
    }()

    /// Lends a gateway that is ready, on a port of its own.
    func withGateway(
        gatekeeper: Gatekeeper? = nil, certificates: Certificates? = nil, feeds: FeedLimits = FeedLimits(),
        archive: ArchiveReader? = nil, _ body: (TestGateway) async throws -> Void
    ) async throws {
        let gateway = try await TestGateway(
            self, gatekeeper: gatekeeper, certificates: certificates, feeds: feeds, archive: archive)
        do {
            try await body(gateway)
        } catch {
            await gateway.close()
            throw error
        }
        await gateway.close()
    }

    /// Lends a projector that holds its share of the partitions.
    func withProjector(
        hooks: ProjectorHooks = ProjectorHooks(), _ body: (TestProjector) async throws -> Void
    ) async throws {
        let projector = TestProjector(self, hooks: hooks)
        do {
            try await eventually("partitions owned", state: { await projector.worker.owned }) { !$0.isEmpty }
            try await body(projector)
        } catch {
            await projector.close()
            throw error
        }
        await projector.close()
    }
}

/// A gateway over the real parts, listening on a loopback port.
final class TestGateway: Sendable {
    let url: String
    let publisher: RabbitMQPublisher
    let cache: RedisCache
    let service: GatewayService
    private let log: PostgresLogReader
    private let running: Task<Void, any Error>
    private let group: ServiceGroup

    init(
        _ cluster: TestCluster, gatekeeper: Gatekeeper? = nil, certificates: Certificates? = nil,
        feeds: FeedLimits = FeedLimits(), archive: ArchiveReader? = nil
    ) async throws {
        let outcomes = OutcomeRegistry()
        let partitioner = cluster.description.partitioner
        let log = PostgresLogReader(cluster.database, partitioner: partitioner, archive: archive)
        let cache = RedisCache(cluster.redis, partitioner: partitioner, logger: TestCluster.quiet)
        let publisher = RabbitMQPublisher(
            configuration: cluster.bus, partitions: partitioner, logger: TestCluster.quiet
        ) {
            outcomes.resolve($0)
        } onOutcomesInterrupted: {
            Task { await outcomes.recover(from: log) }
        }
        let service = GatewayService(
            cluster: cluster.description, bus: publisher, cache: cache, log: log, outcomes: outcomes,
            registry: PrometheusRegistry(), feeds: feeds)
        var configuration = GatewayServer.Configuration()
        configuration.port = 0
        // The tests' client keeps connections that nobody will use again.
        configuration.drainIdleTimeout = .zero
        let (ports, port) = AsyncStream<Int>.makeStream()
        let server = GatewayServer(
            responder: GatewayResponder(useCases: service, gatekeeper: gatekeeper), configuration: configuration,
            certificates: certificates, logger: TestCluster.quiet
        ) { port.yield($0) }
        let services: [(any Service)?] = [certificates, server]
        let group = ServiceGroup(
            configuration: .init(services: services.compactMap { $0 }, logger: TestCluster.quiet))
        self.group = group
        running = Task { try await group.run() }
        let bound = try #require(await ports.first { _ in true })
        url = certificates == nil ? "http://127.0.0.1:\(bound)" : "https://localhost:\(bound)"
        self.service = service
        self.publisher = publisher
        self.cache = cache
        self.log = log
        // Those with TLS are asked by tests that know their certificate.
        guard certificates == nil else { return }
        let base = url
        try await eventually("gateway ready", state: { try await HTTP.send(.get, base + "/readyz").status }) {
            $0 == 200
        }
    }

    func close() async {
        await group.triggerGracefulShutdown()
        try? await running.value
        await publisher.close()
        await cache.close()
        await log.close()
    }

    /// Tries again after a 503 that says that nothing was accepted, as a client does: a broker that has much to do at the moment
    /// refuses the first messages of a new queue.
    func put(_ key: String, _ value: String, _ headers: [String: String] = [:]) async throws -> HTTP.Answer {
        let deadline = ContinuousClock.now + .seconds(30)
        while true {
            let answer = try await HTTP.send(.put, url + "/v1/kv/" + key, headers, body: value)
            let refused = ["/problems/queue-full", "/problems/broker-unavailable"]
            guard answer.status == 503, refused.contains(answer.json["type"] as? String ?? ""),
                ContinuousClock.now < deadline
            else { return answer }
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    func get(_ key: String, _ headers: [String: String] = [:]) async throws -> HTTP.Answer {
        try await HTTP.send(.get, url + "/v1/kv/" + key, headers)
    }

    func delete(_ key: String, _ headers: [String: String] = [:]) async throws -> HTTP.Answer {
        try await HTTP.send(.delete, url + "/v1/kv/" + key, headers)
    }
}

/// A plain HTTP client for tests.
enum HTTP {
    struct Answer: Sendable, CustomStringConvertible {
        var status: Int
        var headers: [String: String]
        var body: Data
        var text: String { String(decoding: body, as: UTF8.self) }
        var json: [String: Any] { (try? JSONSerialization.jsonObject(with: body) as? [String: Any]) ?? [:] }
        var session: String { headers["tidemark-session"] ?? "" }
        var description: String { "\(status) \(headers) \(text)" }
    }

    static func send(
        _ method: Method, _ url: String, _ headers: [String: String] = [:], body: String? = nil
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: url)
        request.method = .init(rawValue: method.rawValue)
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if let body { request.body = .bytes(ByteBuffer(string: body)) }
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(60))
        let bytes = try await response.body.collect(upTo: 64 << 20)
        return Answer(
            status: Int(response.status.code),
            headers: Dictionary(response.headers.map { ($0.name.lowercased(), $0.value) }) { $1 },
            body: Data(bytes.readableBytesView))
    }

    enum Method: String {
        case get = "GET"
        case put = "PUT"
        case delete = "DELETE"
        case post = "POST"
    }
}
