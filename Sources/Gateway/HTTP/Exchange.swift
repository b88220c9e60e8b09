import Hummingbird
import NIOCore

/// One request on its way to an answer.
struct Exchange {
    let request: Request
    let context: GatewayRequestContext
    let target: RequestTarget
    private(set) var hasReadBody = false

    init(_ request: Request, _ context: GatewayRequestContext) {
        self.request = request
        self.context = context
        target = RequestTarget(request.head.path ?? "/")
    }

    /// Who asks, as events record it.
    var principal: String { "anonymous" }

    func headers() throws(Problem) -> RequestHeaders { try RequestHeaders(request.headers) }

    func query(_ allowed: Set<String>) throws(Problem) -> QueryParameters {
        try QueryParameters(target.query, allowed: allowed)
    }

    /// - Throws: `Problem`, `BodyInterrupted`.
    mutating func wholeBody(
        _ announced: RequestHeaders.Body, limit: Int, tooLarge: ProblemType
    ) async throws -> ByteBuffer {
        let body = try await request.wholeBody(announced, limit: limit, tooLarge: tooLarge)
        hasReadBody = true
        return body
    }

    /// Whether the client may still be sending a body that nobody wants.
    var leavesBodyUnread: Bool {
        guard !hasReadBody else { return false }
        return request.headers.contains(.transferEncoding)
            || request.headers[.contentLength].flatMap { Int($0) }.map { $0 > 0 } ?? false
    }
}
