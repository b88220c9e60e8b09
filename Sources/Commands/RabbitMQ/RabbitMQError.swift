import CRabbitMQ

/// What went wrong between this process and the broker. What a caller of `publish` sees is a `BusError`.
package struct RabbitMQError: Error, Sendable {
    package enum Code: String, Sendable {
        /// The configuration can't work.
        case misconfigured
        /// No connection: the name does not resolve, nothing listens, or nobody answers in time.
        case unreachable
        /// The broker refuses the user, the virtual host or the permission.
        case accessRefused
        /// A queue or an exchange is not there.
        case notFound
        /// A queue or an exchange exists with other settings.
        case conflictingDeclaration
        /// An exclusive queue still belongs to a connection that the broker has not given up yet.
        case locked
        /// The connection was there and is gone.
        case connectionLost
        /// The broker refused for a reason of its own.
        case refused
        /// This end was closed.
        case closed
    }

    package var code: Code
    /// A sentence that is safe to show.
    package var message: String
    /// For the log only.
    package var metadata: [String: String]

    package init(_ code: Code, _ message: String, metadata: [String: String] = [:]) {
        self.code = code
        self.message = message
        self.metadata = metadata
    }

    /// Whether trying again, without anyone doing anything, can help.
    package var mayRetry: Bool {
        switch code {
        case .unreachable, .notFound, .locked, .connectionLost, .refused: true
        case .misconfigured, .accessRefused, .conflictingDeclaration, .closed: false
        }
    }

    /// Whether the connection can still be used: the broker then closed no more than the channel.
    var leavesConnectionOpen = false
}

extension RabbitMQError: CustomStringConvertible {
    package var description: String {
        let facts = metadata.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        return ([code.rawValue + ": " + message] + facts).joined(separator: ", ")
    }
}

// The one place that knows AMQP reply codes and librabbitmq's status codes.
extension RabbitMQError {
    /// - Parameter doing: what was being done, such as "declare queue tidemark.dead".
    init(replyCode: UInt16, text: String, doing: String, closesChannelOnly: Bool) {
        let (code, message): (Code, String) =
            switch Int32(replyCode) {
            case AMQP_ACCESS_REFUSED, AMQP_NOT_ALLOWED:
                (.accessRefused, "the broker refuses the user or the virtual host; check the URL and the permissions")
            case AMQP_NOT_FOUND:
                (.notFound, "the broker has no such queue or exchange")
            case AMQP_RESOURCE_LOCKED:
                (.locked, "the queue belongs to an earlier connection; the broker lets it go within half a minute")
            case AMQP_PRECONDITION_FAILED:
                (
                    .conflictingDeclaration,
                    "a queue or exchange exists with other settings; configure the limits it was made with, "
                        + "or delete it when it is empty (rabbitmqctl delete_queue), or use another namespace"
                )
            case AMQP_CONNECTION_FORCED:
                (.connectionLost, "the broker closed the connection")
            default:
                (.refused, "the broker refused")
            }
        self.init(
            code, message,
            metadata: ["bus.doing": doing, "bus.reply_code": "\(replyCode)", "bus.reply_text": text])
        leavesConnectionOpen = closesChannelOnly
    }

    /// - Parameter status: an `AMQP_STATUS_…`, negative.
    init(status: Int32, doing: String, connecting: Bool = false) {
        let reason = String(cString: amqp_error_string2(status))
        let metadata = ["bus.doing": doing, "bus.reason": reason]
        if [AMQP_STATUS_SSL_PEER_VERIFY_FAILED, AMQP_STATUS_SSL_HOSTNAME_VERIFY_FAILED].contains(where: {
            $0.rawValue == status
        }) {
            self.init(
                .unreachable,
                "the broker's certificate is not signed by a root in cacertfile, or not for the host name in the URL",
                metadata: metadata)
        } else if connecting {
            // Brokers before 3.3, and some proxies, answer a wrong password by closing the socket.
            self.init(.unreachable, "no broker can be reached", metadata: metadata)
        } else {
            self.init(.connectionLost, "the connection to the broker was lost", metadata: metadata)
        }
    }
}
