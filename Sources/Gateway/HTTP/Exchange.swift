import Access
import Commands
import Hummingbird
import NIOCore

/// One request on its way to an answer.
struct Exchange {
    let request: Request
    let context: GatewayRequestContext
    let target: RequestTarget
    let signs: RequestSigns
    private(set) var hasReadBody = false
    /// What whoever sent it calls it, or else the log, if it has something to say.
    private(set) var id: String?
    var caller = Principal.anonymous
    /// What the path names, once `admit` has judged it.
    private var judgedKey: Key?

    init(_ request: Request, _ context: GatewayRequestContext) {
        self.request = request
        self.context = context
        target = RequestTarget(request.head.path ?? "/")
        signs = context.signs ?? RequestSigns(request)
        id = signs.requestID
    }

    /// Who asks, as events record it.
    var principal: String { caller.name }

    /// Made only now: a good request needs no name.
    mutating func nameForLog() -> String {
        let name = id ?? String(UInt64.random(in: .min ... .max), radix: 16)
        id = name
        return name
    }

    /// Only for routes that have one.
    var key: Key {
        get { judgedKey! }
        set { judgedKey = newValue }
    }

    func headers() throws(Problem) -> RequestHeaders { try RequestHeaders(request.headers) }

    func query(_ allowed: Set<String>) throws(Problem) -> QueryParameters {
        try QueryParameters(target.query, allowed: allowed)
    }

    /// - Throws: `Problem`, `BodyInterrupted`.
    mutating func wholeBody(
        _ headers: RequestHeaders, limit: Int, tooLarge: ProblemType
    ) async throws -> ByteBuffer {
        let body = try await request.wholeBody(headers.body, limit: limit, tooLarge: tooLarge) {
            if headers.expectsContinue { try await context.askForBody() }
        }
        hasReadBody = true
        return body
    }

    /// What it will cost, told by its head; `nil` for what is never refused: health, metrics and fixed pages.
    func demand(_ limits: HTTPLimits) -> Admission.Demand? {
        switch target.route {
        case .value, .list, .batch, .history, .command, .session: break
        // Change feeds have a limit of their own.
        case .changes, .live, .ready, .metrics, .openAPI, .problems, .problem, .landing, nil: return nil
        }
        let isWrite = [.put, .delete, .post].contains(request.method)
        var bytes = 0
        if request.method != .get {
            let limit = target.route == .batch ? limits.batchBody : limits.value
            let announced = request.headers[.contentLength].flatMap { Int($0) }
            bytes = request.headers.contains(.transferEncoding) ? limit : min(limit, max(0, announced ?? 0))
        }
        return Admission.Demand(kind: signs.waits ? .waiting : isWrite ? .write : .read, bytes: bytes)
    }

    /// A body that nobody wants is taken in up to here; the connection can then be kept.
    private static let drainableBytes = 65_536

    /// Whether the client may still be sending a body that nobody wants, and that is too long, or has no end, to be
    /// waited for; or that it never sends.
    var leavesBodyUnread: Bool {
        guard !hasReadBody else { return false }
        if request.headers.contains(.transferEncoding) { return true }
        guard let length = request.headers[.contentLength].flatMap({ Int($0) }), length > 0 else { return false }
        return length > Self.drainableBytes || request.headers.contains(.expect)
    }
}
