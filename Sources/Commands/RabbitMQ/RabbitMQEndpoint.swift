import Foundation

/// One broker and how to log in there.
package struct RabbitMQEndpoint: Sendable, Equatable, CustomStringConvertible {
    package var host = "127.0.0.1"
    package var port = 5672
    package var virtualHost = "/"
    package var user = "guest"
    package var password = "guest"
    /// `nil`: in the clear.
    package var tls: RabbitMQTLS?

    package init() {}

    /// - Parameter url: `amqp://user:password@host:port/vhost`; all but the host can be left out. Parts with special
    ///   characters are percent-encoded, so that the virtual host `/` can be written as `%2F` too. With `amqps` the port
    ///   is 5671, and the query may name files as RabbitMQ's own clients do: `?cacertfile=…&certfile=…&keyfile=…`.
    package init(url: String) throws(RabbitMQError) {
        guard let parts = URLComponents(string: url), let host = parts.host, !host.isEmpty else {
            throw RabbitMQError(.misconfigured, "not a RabbitMQ URL; write amqp://user:password@host:5672/")
        }
        switch parts.scheme {
        case "amqp":
            guard parts.query == nil else {
                throw RabbitMQError(.misconfigured, "only an amqps URL takes parameters, for its certificates")
            }
        case "amqps":
            tls = try RabbitMQTLS(parts.queryItems ?? [])
            port = 5671
        default:
            throw RabbitMQError(
                .misconfigured, "the RabbitMQ URL's scheme must be amqp, or amqps for TLS",
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
