import Commands
import HTTPTypes
package import Hummingbird
import Logging
import NIOCore

/// The HTTP API: turns requests into calls of the use cases, and what comes back into responses.
///
/// Any failure becomes a problem document, here and only here; the unexpected ones are logged here, too.
package struct GatewayResponder: HTTPResponder {
    package typealias Context = GatewayRequestContext

    let useCases: any GatewayUseCases
    let limits: HTTPLimits
    let door: FrontDoor
    /// `nil`: open to everybody.
    let gatekeeper: Gatekeeper?
    let requestLog: RequestLog
    private let metrics = RequestMetrics()

    package init(
        useCases: any GatewayUseCases, limits: HTTPLimits = HTTPLimits(), door: FrontDoor = FrontDoor(),
        gatekeeper: Gatekeeper? = nil, requestLog: RequestLog = RequestLog()
    ) {
        self.useCases = useCases
        self.limits = limits
        self.door = door
        self.gatekeeper = gatekeeper
        self.requestLog = requestLog
    }

    /// - Throws: only when the connection broke while the body was read.
    package func respond(to request: Request, context: GatewayRequestContext) async throws -> Response {
        let start = ContinuousClock.now
        metrics.began()
        var exchange = Exchange(request, context)
        var response: Response
        do {
            response = try await admitted(&exchange)
        } catch let interrupted as BodyInterrupted {
            metrics.ended(exchange.target.route, request.method, .badRequest, after: .now - start)
            throw interrupted.cause
        } catch {
            let (head, body) = problem(for: error, &exchange).answer
            response = Response(status: head.status, headers: head.headerFields, body: ResponseBody(byteBuffer: body))
        }
        // The server would read an unwanted body to its end before the next request, however long that takes.
        if exchange.leavesBodyUnread { response.headers[.connection] = "close" }
        if request.method == .head { response = response.createHeadResponse() }
        let end = ContinuousClock.now
        metrics.ended(exchange.target.route, request.method, response.status, after: end - start)
        log(&exchange, response, after: end - start, at: end)
        if let id = exchange.id {
            response.headers.append(HTTPField(name: .requestID, value: id))
        }
        return response
    }

    /// Refuses at once, before anything of the body is read, when there is too much under way.
    private func admitted(_ exchange: inout Exchange) async throws -> Response {
        guard let demand = exchange.demand(limits) else { return try await answer(&exchange) }
        if let refusal = door.admit(demand) { throw Problem(refusal) }
        defer { door.finish(demand) }
        return try await answer(&exchange)
    }

    private func answer(_ exchange: inout Exchange) async throws -> Response {
        guard let route = exchange.target.route else {
            throw Problem(.unknownPath, "There is nothing at this path. /openapi.json describes the paths that exist.")
        }
        let method = exchange.request.method
        if method == .options { return .empty(.noContent, HTTPFields([route.allow])) }
        guard route.methods.contains(method) else {
            var problem = Problem(
                .methodNotAllowed, "\(method.rawValue) is not allowed here; \(route.allow.value) are.")
            problem.fields.append(route.allow)
            throw problem
        }
        try admit(&exchange, route.demand(method))
        switch route {
        case .value where method == .put: return try await put(&exchange)
        case .value where method == .delete: return try await delete(&exchange)
        case .value: return try await get(exchange)
        case .list: return try await list(exchange)
        case .batch: return try await batch(&exchange)
        case .history: return try await history(exchange)
        case .changes: return try await changes(exchange)
        case .command: return try await status(exchange)
        case .session: return try await reach(exchange)
        case .live: return try live(exchange)
        case .ready: return try await ready(exchange)
        case .metrics: return await exposition()
        case .openAPI: return .openAPI
        case .problems: return .problems
        case .problem: return try .problem(exchange.target.rest)
        case .landing: return .landing
        }
    }

    func session(_ headers: RequestHeaders) throws(Problem) -> SessionToken? {
        guard let text = headers.session else { return nil }
        do {
            return try useCases.sessions.decode(text)
        } catch {
            throw Problem(error)
        }
    }

    /// The token that a write to these partitions adds to. A client that only ever writes never shows its token to a
    /// read, which would fold it; so a crowded one is folded here.
    ///
    /// - Throws: `Problem` when the answer's token would be longer than one that is taken back.
    func session(_ token: SessionToken?, forWritesTo partitions: some Sequence<Partition>) async throws -> SessionToken
    {
        guard let token else { return SessionToken() }
        let folded = token.isCrowded ? await useCases.fold(token) : token
        guard partitions.allSatisfy(folded.hasRoom) else {
            throw GatewayError(
                .sessionNotReached,
                "This session has written through \(SessionTokenCodec.maximumPendingDots) gateway runs, and nothing of "
                    + "that is applied yet; this write was not accepted. Try again.")
        }
        return folded
    }

    func sessionField(_ token: SessionToken) -> HTTPField {
        HTTPField(name: .tidemarkSession, value: useCases.sessions.encode(token))
    }

    // MARK: - Failures

    private func problem(for error: any Error, _ exchange: inout Exchange) -> Problem {
        switch error {
        case let problem as Problem: return problem
        case let error as GatewayError: return Problem(error)
        default:
            let id = exchange.nameForLog()
            exchange.context.logger.error(
                "request failed",
                metadata: [LogName.request: "\(id)", "error.type": "\(type(of: error))", "error": "\(error)"])
            return Problem(
                .internalError,
                "The gateway failed at this request and has logged why. Whoever runs it finds it by the request's id.",
                .request(id))
        }
    }
}

extension Problem {
    fileprivate init(_ refusal: Admission.Refusal) {
        let detail =
            switch refusal {
            case .reads: "As many reads are under way as this gateway takes."
            case .writes: "As many writes are under way as this gateway takes; this one was not accepted."
            case .waiting: "As many requests wait here as this gateway takes; this one was not accepted."
            case .bytes: "The bodies and answers under way fill the memory set aside for them; nothing was accepted."
            }
        self.init(.overloaded, detail + " Try again in a moment.")
    }

    init(_ error: SessionTokenCodec.Invalid) {
        let detail =
            switch error {
            case .malformed: "Tidemark-Session is not a token that this gateway gave; was it cut or changed?"
            case .tooLong: "Tidemark-Session is longer than a token can be."
            case .otherCluster: "Tidemark-Session is another cluster's token."
            case .otherPartitions: "Tidemark-Session is from a cluster with another number of partitions."
            case .tooManyPendingDots: "Tidemark-Session holds too many writes that were never read back."
            }
        self.init(.sessionInvalid, detail + " Leave it out to begin a new session.", .header("Tidemark-Session"))
    }
}
