import Access
import Commands
import EventLog
import HTTPTypes
import Hummingbird
import NIOCore

/// The status of commands, and of the gateway itself.
extension GatewayResponder {
    func status(_ exchange: Exchange) async throws -> Response {
        _ = try exchange.query([])
        let unknown = Problem(.unknownCommand, "This cluster has not issued a command with this id.")
        guard let id = CommandID(String(exchange.target.rest)) else { throw unknown }
        var token = try session(exchange.headers()) ?? SessionToken()
        var status = try await useCases.status(of: id)
        if case .neverIssued = status { throw unknown }
        // A command that has not ended yet could be anybody's. So that nobody learns more of one that is not theirs, for
        // them it never ends.
        if case .ended(let key, _) = status, !exchange.caller.grant.covers(key) { status = .pending }
        if case .ended(_, let outcome) = status { token.saw(outcome.sequence, in: outcome.partition) }
        return .json(.ok, HTTPFields([sessionField(token)])) { json in
            json.object { json in
                json.member("command", id.description)
                switch status {
                case .pending, .neverIssued: json.member("status", "pending")
                case .ended(let key, let outcome): json.outcome(outcome, of: key)
                }
            }
        }
    }

    /// Waits until everything in the session's token is applied.
    func reach(_ exchange: Exchange) async throws -> Response {
        _ = try exchange.query([])
        let headers = try exchange.headers()
        let token = try await useCases.reach(
            try session(headers) ?? SessionToken(), wait: headers.preferences.waitDuration ?? .zero)
        return .json(.ok, HTTPFields([sessionField(token)])) { json in
            json.object { $0.member("reached", true) }
        }
    }

    /// Depends on nothing: a gateway that answers at all is alive.
    func live(_ exchange: Exchange) throws(Problem) -> Response {
        _ = try exchange.query(["verbose"]).flag("verbose")
        return .health(HealthReport(checks: []), verbose: true)
    }

    func ready(_ exchange: Exchange) async throws -> Response {
        let verbose = try exchange.query(["verbose"]).flag("verbose")
        var report = await useCases.health(verbose: verbose)
        report.checks.append(
            HealthReport.Check(
                name: "serving", ok: !door.isDraining, detail: door.isDraining ? "draining" : "takes requests"))
        return .health(report, verbose: verbose)
    }

    func exposition() async -> Response {
        let (contentType, body) = await useCases.exposition()
        return Response(
            status: .ok, headers: [.contentType: contentType, .cacheControl: "no-cache"],
            body: ResponseBody(byteBuffer: body))
    }
}

extension Response {
    fileprivate static func health(_ report: HealthReport, verbose: Bool) -> Response {
        var headers: HTTPFields = [:]
        if !report.isReady { headers[.retryAfter] = "1" }
        return .json(report.isReady ? .ok : .serviceUnavailable, headers) { json in
            json.object { json in
                json.member("status", report.isReady ? "ok" : "unavailable")
                json.name("checks")
                json.array { json in
                    for check in report.checks where verbose || !check.ok {
                        json.object { json in
                            json.member("name", check.name)
                            json.member("ok", check.ok)
                            json.member("required", check.required)
                            json.member("detail", check.detail)
                        }
                    }
                }
            }
        }
    }
}

extension JSONWriter {
    fileprivate mutating func outcome(_ outcome: Outcome, of key: Key) {
        switch outcome.result {
        case .put, .deleted, .barrier:
            member("status", "applied")
            member("key", key.text)
            member("version", outcome.sequence)
        case .rejected(.preconditionFailed(let current)):
            member("status", "rejected")
            member("key", key.text)
            if let current { member("version", current) }
            member("reason", Event.Reason.preconditionFailed)
        case .rejected(.idempotencyKeyReused):
            member("status", "rejected")
            member("key", key.text)
            member("reason", Event.Reason.idempotencyKeyReused)
        case .dead(let reason):
            member("status", "dead")
            member("key", key.text)
            member("reason", reason)
        }
    }
}
