import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

/// One call as it goes over the wire.
struct Exchange {
    var method: HTTPMethod
    /// Path and query, percent-encoded.
    var target: String
    var headers = HTTPHeaders()
    var body: Data?
    /// How long the server was asked to wait.
    var wait: Duration?

    /// - Parameter wait: rounded up to whole seconds, at most 60.
    init(_ method: HTTPMethod, _ target: String, wait: Duration? = nil) {
        self.method = method
        self.target = target
        guard let wait else { return }
        let (whole, fraction) = wait.components
        let seconds = min(60, max(0, whole + (fraction > 0 ? 1 : 0)))
        self.wait = .seconds(seconds)
        headers.add(name: "Prefer", value: "wait=\(seconds)")
    }

    func request(to url: String, bearerToken: String?, session: String?) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: url + target)
        request.method = method
        request.headers = headers
        if let bearerToken { request.headers.add(name: "Authorization", value: "Bearer \(bearerToken)") }
        if let session { request.headers.add(name: "Tidemark-Session", value: session) }
        if let body { request.body = .bytes(ByteBuffer(bytes: body)) }
        return request
    }
}

/// What came back.
struct Reply {
    var status: Int
    var headers: HTTPHeaders
    var body: Data
    var url: String

    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        do {
            return try JSONDecoder().decode(type, from: body)
        } catch {
            throw TidemarkError.badAnswer(url, "the JSON it should have", cause: error)
        }
    }

    var version: UInt64? { headers.first(name: "Tidemark-Version").flatMap { UInt64($0) } }
}
