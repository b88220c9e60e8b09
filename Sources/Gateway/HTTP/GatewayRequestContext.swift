import HTTPTypes
package import Hummingbird
package import Logging
import NIOCore
import NIOHTTPTypes

/// What a request brings beside itself.
package struct GatewayRequestContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    /// The connection; `nil` in tests without one.
    let channel: (any Channel)?
    /// Of the request, if the server has looked for them already.
    var signs: RequestSigns?

    package init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        channel = source.channel
    }

    /// Without a connection.
    package init(logger: Logger) {
        coreContext = CoreRequestContextStorage(source: Unconnected(logger: logger))
        channel = nil
    }

    /// Asks a client that waits for it to send the body: `100 Continue`. The event loop keeps it before the answer and
    /// behind the answers to earlier requests, which have been written.
    func askForBody() async throws {
        try await channel?.writeAndFlush(HTTPResponsePart.head(HTTPResponse(status: .continue))).get()
    }

    private struct Unconnected: RequestContextSource {
        var logger: Logger
    }
}
