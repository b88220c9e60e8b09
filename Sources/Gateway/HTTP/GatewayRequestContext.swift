package import Hummingbird
package import Logging
import NIOCore

/// What a request brings beside itself.
package struct GatewayRequestContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    /// The connection; `nil` in tests without one.
    let channel: (any Channel)?

    package init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        channel = source.channel
    }

    /// Without a connection.
    package init(logger: Logger) {
        coreContext = CoreRequestContextStorage(source: Unconnected(logger: logger))
        channel = nil
    }

    private struct Unconnected: RequestContextSource {
        var logger: Logger
    }
}
