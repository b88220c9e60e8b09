import Foundation
import TidemarkClient

/// Ends a command: what went wrong, what to do next, and the status to exit with.
struct CommandFailure: Error, Equatable {
    var status: ExitStatus
    var message: String
    var hint: String?

    init(_ status: ExitStatus, _ message: String, hint: String? = nil) {
        self.status = status
        self.message = message
        self.hint = hint
    }

    var text: String { "tidemark: \(message)" + (hint.map { "\n          \($0)" } ?? "") }
}

extension CommandFailure {
    /// - Parameter idempotencyKey: of the write that failed, so that the user can send the same one again.
    init(_ error: TidemarkError, idempotencyKey: String? = nil) {
        self.init(ExitStatus(error), error.detail, hint: Self.hint(error, idempotencyKey))
    }

    static let serverHint =
        "Is the server running? Start one with `tidemark dev`, or name another with --url or TIDEMARK_URL."

    private static func hint(_ error: TidemarkError, _ idempotencyKey: String?) -> String? {
        if !error.isOutcomeKnown, let idempotencyKey {
            return "The write may have happened. Repeat the command with --idempotency-key \(idempotencyKey): "
                + "that never writes twice."
        }
        switch (error.problem, error.status) {
        case ("unreachable", _):
            return serverHint
        case ("no-answer", _), ("bad-answer", _):
            return "Is \(error.url) a Tidemark gateway? `curl \(error.url)/readyz` tells how it is."
        case ("bad-url", _): return "Give the base URL of a gateway, such as http://127.0.0.1:8080."
        case ("session-not-reached", _):
            return "Give it time with --wait 10, or take an older answer with --consistency eventual."
        case ("position-removed", _):
            return error.position.map { "What is still there begins with --after \($0)" }
        case (_, 401): return "Put a token into TIDEMARK_TOKEN, or into a file named by --token-file."
        case (_, 403): return "The token does not cover this key or this kind of call."
        case (_, 412): return error.version.map { "The key is at version \($0) now." }
        case (_, 429), (_, 503): return "Try again in a moment; `curl \(error.url)/readyz` tells what is down."
        default: return nil
        }
    }
}
