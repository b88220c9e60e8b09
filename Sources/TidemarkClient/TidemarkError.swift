import Foundation

/// Why a call did not do what it was asked.
public struct TidemarkError: Error, Sendable {
    /// The HTTP status; `nil` when no answer came.
    public var status: Int?
    /// The slug of the problem's type (`queue-full`), or one of the client's own: `unreachable`, `no-answer`,
    /// `bad-answer`.
    public var problem: String
    /// Never varies for one problem.
    public var title: String
    /// This case, in a sentence that may be shown to a user.
    public var detail: String
    /// The same call may succeed later. The client has already tried as often as its policy allows.
    public var isRetryable: Bool
    /// `false`: the write may have happened, or may happen yet. Sending it again with the same idempotency key is safe.
    public var isOutcomeKnown: Bool
    /// The server's `Retry-After`.
    public var retryAfter: Duration?
    /// The key's current version, for a precondition that failed.
    public var version: UInt64?
    /// The command whose outcome is not known, when the server named it.
    public var command: String?
    /// Of `position-removed`: the nearest position from which everything is still there.
    public var position: String?
    /// Which server answered, or did not.
    public var url: String
    public var cause: (any Error)?

    /// The session token belongs to another cluster, or is damaged: a new session has to be started.
    public var isSessionRefused: Bool { problem == "session-invalid" }

    /// Overload, a part that is down, or a proxy that could not reach a gateway.
    static func isRetryable(status: Int) -> Bool { [429, 502, 503, 504].contains(status) }
}

extension TidemarkError {
    /// An answer that is not a success.
    init(status: Int, body: Data, retryAfter: String?, url: String) {
        let problem = (try? JSONDecoder().decode(Problem.self, from: body)) ?? Problem()
        self.init(
            status: status,
            problem: problem.slug,
            title: problem.title ?? "The server answered \(status)",
            detail: problem.detail ?? problem.title ?? "The server answered \(status) and did not say why.",
            isRetryable: Self.isRetryable(status: status),
            // A proxy's 502 and 504 leave open whether the gateway got the request.
            isOutcomeKnown: !["ack-unknown", "internal"].contains(problem.slug) && status != 502 && status != 504,
            retryAfter: retryAfter.flatMap { Int($0) }.map { .seconds(max(0, $0)) },
            version: problem.version,
            command: problem.command,
            position: problem.position,
            url: url)
    }

    /// No connection could be made: the request was never sent.
    static func unreachable(_ url: String, cause: any Error) -> TidemarkError {
        TidemarkError(
            problem: "unreachable", title: "No connection", detail: "No connection to \(url).", isRetryable: true,
            isOutcomeKnown: true, url: url, cause: cause)
    }

    /// The request may have arrived, and no answer came.
    static func noAnswer(_ url: String, cause: any Error) -> TidemarkError {
        TidemarkError(
            problem: "no-answer", title: "No answer", detail: "\(url) did not answer, or the connection was lost.",
            isRetryable: true, isOutcomeKnown: false, url: url, cause: cause)
    }

    /// Something answered that is not Tidemark, or not a version of it that this client understands.
    static func badAnswer(_ url: String, _ what: String, cause: (any Error)? = nil) -> TidemarkError {
        TidemarkError(
            problem: "bad-answer", title: "Unexpected answer", detail: "\(url) gave an answer without \(what).",
            isRetryable: false, isOutcomeKnown: false, url: url, cause: cause)
    }
}

extension TidemarkError: CustomStringConvertible {
    public var description: String {
        "\(status.map { "\($0) " } ?? "")\(problem): \(detail)\(cause.map { " (\($0))" } ?? "")"
    }
}
