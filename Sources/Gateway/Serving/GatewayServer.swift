import Hummingbird
import HummingbirdCore
package import Logging
import NIOCore
import NIOExtras
import NIOPosix
package import ServiceLifecycle

/// Hummingbird's HTTP channel around the gateway's responder.
///
/// `Application` would add a request id, a copy of the logger and a task-local to each request; the responder makes what it
/// needs of these only when it logs.
package struct GatewayServer: Service {
    package struct Configuration: Sendable {
        package var host = "127.0.0.1"
        /// 0 picks a free one; `onListening` tells which.
        package var port = 8080
        package var maximumHeaderBytes = 16 << 10
        /// How long requests under way may take once the gateway is told to end. Then those that wait are cut short, and
        /// answered as when their time is up.
        package var drainTimeout: Duration = .seconds(15)
        /// How long an idle connection stays open then: longer than a balancer keeps it.
        package var drainIdleTimeout: Duration = .seconds(5)
        var limits = ConnectionState.Limits()

        package init() {}
    }

    /// What cut-short requests have to be answered in.
    private static let lastAnswers = Duration.seconds(5)

    private let responder: GatewayResponder
    private let configuration: Configuration
    private let certificates: Certificates?
    private let logger: Logger
    private let onListening: @Sendable (Int) async -> Void

    /// - Parameter certificates: `nil` serves HTTP in the clear.
    package init(
        responder: GatewayResponder, configuration: Configuration, certificates: Certificates? = nil, logger: Logger,
        onListening: @escaping @Sendable (Int) async -> Void = { _ in }
    ) {
        self.responder = responder
        self.configuration = configuration
        self.certificates = certificates
        self.logger = logger
        self.onListening = onListening
    }

    /// Runs until graceful shutdown, and then until every request is answered and every connection closed, or the time for
    /// that is over.
    ///
    /// Hummingbird's own `Server` takes connections from a sequence that ends with the listener. A connection that is
    /// accepted at that moment is dropped by it, which NIO answers by ending the process.
    package func run() async throws {
        let group = MultiThreadedEventLoopGroup.singleton
        let plain = child(on: group)
        guard let certificates else { return try await serve(plain, on: group) }
        try await serve(SecuredChannel(base: plain, certificates: certificates), on: group)
    }

    private func serve<Child: ServerChildChannel>(
        _ child: Child, on group: any EventLoopGroup
    ) async throws where Child.Value == HTTP1Channel.Value {
        let quiescing = ServerQuiescingHelper(group: group)
        let (connections, arrivals) = AsyncStream<HTTP1Channel.Value>.makeStream()
        let listener = try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1_024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        quiescing.makeServerChannelHandler(channel: channel))
                }
            }
            .childChannelInitializer { [logger] channel in
                child.setup(channel: channel, logger: logger).map { connection in
                    if case .enqueued = arrivals.yield(connection) { return }
                    // It came with the end: served all the same, outside the group.
                    Task { await child.handle(value: connection, logger: logger) }
                }
            }
            .bind(host: configuration.host, port: configuration.port).get()
        listener.closeFuture.whenComplete { _ in arrivals.finish() }
        await onListening(listener.localAddress?.port ?? 0)
        await withTaskGroup(of: Void.self) { tasks in
            tasks.addTask { [logger] in
                await withDiscardingTaskGroup { handlers in
                    for await connection in connections {
                        handlers.addTask { await child.handle(value: connection, logger: logger) }
                    }
                }
            }
            tasks.addTask {
                do {
                    try await gracefulShutdown()
                    responder.door.drain()
                    quiescing.initiateShutdown(promise: nil)
                    try await Task.sleep(for: configuration.drainTimeout + Self.lastAnswers)
                } catch {
                    quiescing.initiateShutdown(promise: nil)
                }
            }
            await tasks.next()
            tasks.cancelAll()
        }
    }

    private func child(on group: any EventLoopGroup) -> EventLoopChannel {
        var limits = configuration.limits
        limits.drainIdle = TimeAmount(configuration.drainIdleTimeout)
        limits.drain = TimeAmount(configuration.drainTimeout + Self.lastAnswers)
        let headerBytes = configuration.maximumHeaderBytes
        let date = DateHeader()
        let base = HTTP1Channel(
            responder: { [logger] request, writer, channel in
                var context = GatewayRequestContext(source: .init(channel: channel, logger: logger))
                let signs = RequestSigns(request)
                context.signs = signs
                var response =
                    if signs.waits { try await respondInTime(to: request, context) } else {
                        try await responder.respond(to: request, context: context)
                    }
                response.headers[.date] = date.value
                try await writer.write(response: response.head, body: response.body)
            },
            configuration: .init(
                httpDecoderConfiguration: .init(
                    maxHeaderFieldSize: headerBytes, maxHeaderListSize: headerBytes, maxHeaderFieldCount: 100)))
        return EventLoopChannel(base, on: group, door: responder.door, limits: limits, date: date)
    }

    /// Cut short when the gateway ends and the time for that is over. Only the waiting is cancelled: a cancelled task can't
    /// write the answer any more.
    private func respondInTime(to request: Request, _ context: GatewayRequestContext) async throws -> Response {
        try await withThrowingTaskGroup(of: Response?.self) { group in
            group.addTask { try await responder.respond(to: request, context: context) }
            group.addTask {
                try? await gracefulShutdown()
                try? await Task.sleep(for: configuration.drainTimeout)
                return nil
            }
            defer { group.cancelAll() }
            while let response = try await group.next() {
                if let response { return response }
                group.cancelAll()
            }
            preconditionFailure("the responder answers or throws")
        }
    }
}
