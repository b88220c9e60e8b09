package import Commands

/// Why a valid request can't be answered as asked. The HTTP layer makes a problem document of it.
package struct GatewayError: Error, Sendable, Equatable {
    package enum Code: String, Sendable, CaseIterable {
        /// `503`: no broker; the command will never be applied.
        case brokerUnavailable = "broker-unavailable"
        /// `503`: the queue is full; the command will never be applied.
        case queueFull = "queue-full"
        /// `503`: the command may be applied; retry with an `Idempotency-Key`, or ask for its status.
        case ackUnknown = "ack-unknown"
        /// `503`: the database can't be reached, and the cache has no answer.
        case databaseUnavailable = "database-unavailable"
        /// `503`: too many requests are waiting.
        case overloaded = "overloaded"
        /// `503`: what the session token says was not applied in time.
        case sessionNotReached = "session-not-reached"
        /// `503`: the barrier of a linearizable read did not come through in time.
        case barrierTimeout = "barrier-timeout"
    }

    package var code: Code
    /// Safe to show, and says what to do next.
    package var detail: String
    /// The command whose outcome is unknown, for `ackUnknown`.
    package var command: CommandID?

    package init(_ code: Code, _ detail: String, command: CommandID? = nil) {
        self.code = code
        self.detail = detail
        self.command = command
    }
}
