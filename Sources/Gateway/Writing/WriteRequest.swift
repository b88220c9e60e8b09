package import Commands

/// A validated write, whatever it came by: a PUT, a DELETE or an operation of a batch.
package struct WriteRequest: Sendable {
    package var operation: Command.Operation
    package var key: Key
    package var precondition: Precondition
    package var timeToLive: Duration?
    package var idempotencyKey: String?
    package var principal: String
    package var traceparent: String?
    /// How long to wait for the command to be applied; `nil` answers as soon as it is durable.
    package var wait: Duration?

    package init(
        operation: Command.Operation, key: Key, precondition: Precondition = .none, timeToLive: Duration? = nil,
        idempotencyKey: String? = nil, principal: String, traceparent: String? = nil, wait: Duration? = nil
    ) {
        self.operation = operation
        self.key = key
        self.precondition = precondition
        self.timeToLive = timeToLive
        self.idempotencyKey = idempotencyKey
        self.principal = principal
        self.traceparent = traceparent
        self.wait = wait
    }
}

package enum WriteResult: Sendable {
    /// A majority of brokers has it on disk: `202`. The dot goes into the session token.
    case accepted(CommandID, Partition, Dot)
    /// It was applied, rejected or set aside while the client waited.
    case ended(Outcome)
}
