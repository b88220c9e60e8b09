import Hummingbird
import HummingbirdCore
package import Logging
import NIOCore
import NIOPosix
package import ServiceLifecycle

/// Hummingbird's HTTP server around the gateway's responder.
///
/// `Application` would add a request id, a copy of the logger and a task-local to each request; the responder makes what it
/// needs of these only when it logs.
package struct GatewayServer: Service {
    package struct Configuration: Sendable {
        package var host = "127.0.0.1"
        /// 0 picks a free one; `onListening` tells which.
        package var port = 8080
        /// A connection that sends nothing for so long is closed.
        package var idleTimeout: Duration = .seconds(75)
        package var maximumHeaderBytes = 16 << 10

        package init() {}
    }

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

    package func run() async throws {
        let group = MultiThreadedEventLoopGroup.singleton
        let limit = configuration.maximumHeaderBytes
        let idle = TimeAmount(configuration.idleTimeout)
        let clock = DateHeader()
        let builder = HTTPServerBuilder { [certificates] respond in
            let plain = EventLoopChannel(
                HTTP1Channel(
                    responder: respond,
                    configuration: .init(
                        idleTimeout: idle,
                        httpDecoderConfiguration: .init(
                            maxHeaderFieldSize: limit, maxHeaderListSize: limit, maxHeaderFieldCount: 100))),
                on: group)
            guard let certificates else { return plain }
            return SecuredChannel(base: plain, certificates: certificates)
        }
        let server = try builder.buildServer(
            configuration: ServerConfiguration(
                address: .hostname(configuration.host, port: configuration.port), backlog: 1_024),
            eventLoopGroup: group, logger: logger
        ) { [responder, logger] request, writer, channel in
            let context = GatewayRequestContext(source: .init(channel: channel, logger: logger))
            var response = try await responder.respond(to: request, context: context)
            response.headers[.date] = clock.value
            try await writer.write(response: response.head, body: response.body)
        } onServerRunning: { [onListening] channel in
            await onListening(channel.localAddress?.port ?? 0)
        }
        try await server.run()
    }
}
