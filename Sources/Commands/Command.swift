package import Foundation

/// What a client asks for. Every command ends as exactly one event; a barrier ends as none.
package struct Command: Sendable, Equatable {
    package enum Operation: Sendable, Equatable {
        case put(Content)
        case delete
        /// Changes nothing. Its outcome says that everything enqueued before it has been applied.
        case barrier
        /// Destroys values of the key, the current one included when its version is among them.
        case erase(Erasure)

        package var isErasure: Bool {
            if case .erase = self { true } else { false }
        }
    }

    package var id: CommandID
    package var operation: Operation
    package var key: Key
    package var precondition: Precondition
    /// Seconds from `issuedAt` until the value is absent.
    package var timeToLive: Duration?
    package var principal: String
    package var issuedAt: Timestamp
    /// Set when the client sent an `Idempotency-Key`: what its other requests with that key must match.
    package var fingerprint: Fingerprint?
    /// W3C trace context.
    package var traceparent: String?
    /// Whether the origin waits for the outcome (`Prefer: wait`, barriers).
    package var wantsOutcome: Bool

    package init(
        id: CommandID, operation: Operation, key: Key, precondition: Precondition = .none,
        timeToLive: Duration? = nil, principal: String, issuedAt: Timestamp, fingerprint: Fingerprint? = nil,
        traceparent: String? = nil, wantsOutcome: Bool = false
    ) {
        self.id = id
        self.operation = operation
        self.key = key
        self.precondition = precondition
        self.timeToLive = timeToLive
        self.principal = principal
        self.issuedAt = issuedAt
        self.fingerprint = fingerprint
        self.traceparent = traceparent
        self.wantsOutcome = wantsOutcome
    }

    package var expiresAt: Timestamp? { timeToLive.map { issuedAt + $0 } }
}

/// A value with its media type, as the client sent it.
package struct Content: Sendable, Equatable {
    package static let defaultType = "application/octet-stream"

    package var value: Data
    package var type: String

    package init(value: Data, type: String = Content.defaultType) {
        self.value = value
        self.type = type
    }
}

/// `If-Match` and `If-None-Match` (RFC 9110 §13.1), judged when the command is applied.
package enum Precondition: Sendable, Equatable {
    case none
    /// `If-Match: *`: the key has a value.
    case exists
    /// `If-Match: "3", "7"`: the key has a value and its version is one of these.
    case versions([UInt64])
    /// `If-None-Match: *`: the key has no value.
    case absent

    /// - Parameter version: of the key's current value; `nil` when it has none.
    package func holds(version: UInt64?) -> Bool {
        switch self {
        case .none: true
        case .exists: version != nil
        case .versions(let allowed): version.map(allowed.contains) ?? false
        case .absent: version == nil
        }
    }
}
