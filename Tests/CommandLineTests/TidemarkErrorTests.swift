import Foundation
import Testing

@testable import TidemarkClient
@testable import tidemark

@Suite struct TidemarkErrorTests {
    private static func error(
        _ status: Int, _ slug: String, retryAfter: String? = nil, more: String = ""
    ) -> TidemarkError {
        let body = #"{"type":"/problems/\#(slug)","title":"T","status":\#(status),"detail":"D"\#(more)}"#
        return TidemarkError(status: status, body: Data(body.utf8), retryAfter: retryAfter, url: "http://x")
    }

    @Test("A problem document becomes an error with its parts")
    func decode() {
        let error = Self.error(412, "precondition-failed", more: #","version":7"#)
        #expect(error.status == 412)
        #expect(error.problem == "precondition-failed")
        #expect(error.title == "T")
        #expect(error.detail == "D")
        #expect(error.version == 7)
        #expect(!error.isRetryable)
        #expect(error.isOutcomeKnown)
    }

    @Test(
        "May the call be repeated, and is its outcome known?",
        arguments: [
            (503, "queue-full", true, true), (503, "ack-unknown", true, false),
            (503, "session-not-reached", true, true),
            (429, "overloaded", true, true), (502, "x", true, false), (504, "x", true, false),
            (500, "internal", false, false), (500, "command-dead", false, true), (400, "invalid-key", false, true),
            (404, "not-found", false, true), (413, "value-too-large", false, true),
        ])
    func facts(status: Int, slug: String, isRetryable: Bool, isOutcomeKnown: Bool) {
        let error = Self.error(status, slug)
        #expect(error.isRetryable == isRetryable)
        #expect(error.isOutcomeKnown == isOutcomeKnown)
    }

    @Test(
        "An answer that is no problem document still says its status", arguments: ["", "<html>", "[]", #"{"type":5}"#])
    func foreign(body: String) {
        let error = TidemarkError(status: 502, body: Data(body.utf8), retryAfter: nil, url: "http://x")
        #expect(error.problem == "about:blank")
        #expect(error.detail.contains("502"))
    }

    @Test(
        "Retry-After is read in seconds",
        arguments: [("2", Duration.seconds(2)), ("0", .zero), ("-1", .zero), ("soon", nil), (nil, nil)])
    func retryAfter(header: String?, expected: Duration?) {
        #expect(Self.error(503, "queue-full", retryAfter: header).retryAfter == expected)
    }

    @Test(
        "Errors become exit statuses",
        arguments: [
            (404, "not-found", tidemark.ExitStatus.notFound), (404, "unknown-command", .notFound),
            (404, "unknown-path", .failed),
            (412, "precondition-failed", .preconditionFailed), (503, "queue-full", .failed),
            (400, "invalid-key", .failed),
        ])
    func exitStatus(status: Int, slug: String, expected: tidemark.ExitStatus) {
        #expect(CommandFailure(Self.error(status, slug)).status == expected)
    }

    @Test("A refused session is told from other bad requests")
    func session() {
        #expect(Self.error(400, "session-invalid").isSessionRefused)
        #expect(!Self.error(400, "invalid-header").isSessionRefused)
        #expect(!Self.error(503, "session-not-reached").isSessionRefused)
    }

    @Test("A write with an unknown outcome says how to repeat it safely")
    func hint() {
        let failure = CommandFailure(Self.error(503, "ack-unknown"), idempotencyKey: "k-1")
        #expect(failure.text.contains("--idempotency-key k-1"))
        let unreachable = CommandFailure(.unreachable("http://x", cause: CancellationError()))
        #expect(unreachable.text.contains("tidemark dev"))
    }
}
