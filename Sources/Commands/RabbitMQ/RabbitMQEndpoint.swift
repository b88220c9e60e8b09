import Foundation

/// One broker and how to log in there.
package struct RabbitMQEndpoint: Sendable, Equatable, CustomStringConvertible {
    package var host = "127.0.0.1"
    package var port = 5672
    package var virtualHost = "/"
    package var user = "guest"
    package var password = "guest"

    package init() {}

    /// - Parameter url: `amqp://user:password@host:port/vhost`; all but the host can be left out. Parts with special
    ///   characters are percent-encoded, so that the virtual host `/` can be written as `%2F` too.
    package init(url: String) throws(RabbitMQError) {
        guard let parts = URLComponents(string: url), let host = parts.host, !host.isEmpty else {
            throw RabbitMQError(.misconfigured, "not a RabbitMQ URL; write amqp://user:password@host:5672/")
        }
        guard parts.scheme == "amqp" else {
            throw RabbitMQError(
                .misconfigured,
                "the RabbitMQ URL's scheme must be amqp; for TLS put a local proxy in front of the broker",
                metadata: ["bus.scheme": parts.scheme ?? ""])
        }
        self.host = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
        port = parts.port ?? port
        user = parts.user ?? user
        password = parts.password ?? password
        let path = String(parts.percentEncodedPath.dropFirst())
        if !path.isEmpty { virtualHost = path.removingPercentEncoding ?? path }
    }

    /// For logs: without the password.
    package var description: String { "\(host):\(port)" }
}
