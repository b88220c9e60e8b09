import AsyncHTTPClient
import NIOCore
import NIOSSL
import Synchronization

/// Talks to one Tidemark cluster, through any of its gateways.
///
/// ```swift
/// try await TidemarkClient.withClient(.init(urls: ["http://127.0.0.1:8080"])) { client in
///     let session = Session()
///     try await client.put(Data("blue".utf8), for: "colour", in: session)
///     let value = try await client.get("colour", in: session)   // sees the write
/// }
/// ```
///
/// Every call may be made from any task; calls that fail in a way that may pass are tried again (see ``RetryPolicy``), on another
/// gateway when several are known. Writes carry an idempotency key, so trying again never writes twice. Errors are
/// ``TidemarkError`` or `CancellationError`.
public final class TidemarkClient: Sendable {
    public struct Configuration: Sendable {
        /// Base URLs of gateways, or of what balances them; calls take turns.
        public var urls: [String]
        /// Sent as `Authorization: Bearer …`.
        public var bearerToken: String?
        /// A PEM file with the authorities whose certificates are believed, in place of the system's.
        public var authorities: String?
        /// For connecting, and for an answer (what the call itself waits for on the server comes on top).
        public var timeout: Duration
        /// For each URL.
        public var maximumConnections: Int
        /// The longest answer that is read.
        public var maximumAnswerBytes: Int
        public var retry: RetryPolicy

        public init(
            urls: [String], bearerToken: String? = nil, authorities: String? = nil, timeout: Duration = .seconds(10),
            maximumConnections: Int = 64, maximumAnswerBytes: Int = 256 << 20, retry: RetryPolicy = RetryPolicy()
        ) {
            self.urls = urls
            self.bearerToken = bearerToken
            self.authorities = authorities
            self.timeout = timeout
            self.maximumConnections = maximumConnections
            self.maximumAnswerBytes = maximumAnswerBytes
            self.retry = retry
        }
    }

    let configuration: Configuration
    let http: HTTPClient
    let endpoints: Mutex<Endpoints>

    /// Must be ended with ``shutdown()``; ``withClient(_:_:)`` does that by itself.
    ///
    /// - Precondition: `configuration.urls` is not empty.
    public init(_ configuration: Configuration) {
        self.configuration = configuration
        endpoints = Mutex(Endpoints(configuration.urls))
        var http = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: .init(
                connect: TimeAmount(configuration.timeout),
                // Feeds have no deadline. A gateway says something every ten seconds, and no call waits longer than a minute.
                read: TimeAmount(configuration.timeout + .seconds(60))))
        http.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = configuration.maximumConnections
        // A gateway that is down must be noticed at once: the policy above decides when to try again, and where.
        http.connectionPool.retryConnectionEstablishment = false
        http.httpVersion = .http1Only
        if let authorities = configuration.authorities {
            var tls = TLSConfiguration.makeClientConfiguration()
            tls.trustRoots = .file(authorities)
            http.tlsConfiguration = tls
        }
        self.http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: http)
    }

    /// Ends all connections. No call may be made afterwards.
    public func shutdown() async throws { try await http.shutdown() }

    /// Lends a client to `body` and ends it afterwards.
    public static func withClient<R>(
        _ configuration: Configuration, _ body: (TidemarkClient) async throws -> R
    ) async throws -> R {
        let client = TidemarkClient(configuration)
        let result: R
        do {
            result = try await body(client)
        } catch {
            try? await client.shutdown()
            throw error
        }
        try await client.shutdown()
        return result
    }
}
