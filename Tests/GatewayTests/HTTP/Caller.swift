import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Synchronization

@testable import Gateway

/// Calls a responder without a connection.
struct Caller {
    let gateway = MemoryGateway()
    let responder: GatewayResponder

    /// What the log got, from the level `info` on.
    let lines = LogLines()

    init(
        limits: HTTPLimits = HTTPLimits(), gatekeeper: Gatekeeper? = nil, requestLog: RequestLog = RequestLog()
    ) {
        responder = GatewayResponder(
            useCases: gateway, limits: limits, gatekeeper: gatekeeper, requestLog: requestLog)
    }

    struct Answer {
        var status: Int
        var headers: HTTPFields
        var body: Data

        var text: String { String(decoding: body, as: UTF8.self) }
        var session: String? { headers[HTTPField.Name("Tidemark-Session")!] }

        subscript(name: String) -> String? { headers[HTTPField.Name(name)!] }

        func json() throws -> [String: Any] { try JSONSerialization.jsonObject(with: body) as? [String: Any] ?? [:] }

        /// The last part of a problem's type.
        var problem: String? {
            (try? json()["type"] as? String)?.flatMap { $0.split(separator: "/").last.map(String.init) }
        }
    }

    func callAsFunction(
        _ method: HTTPRequest.Method, _ target: String, _ headers: KeyValuePairs<String, String> = [:],
        body: String? = nil
    ) async throws -> Answer {
        try await send(method, target, headers, body: body.map { ByteBuffer(string: $0) })
    }

    func send(
        _ method: HTTPRequest.Method, _ target: String, _ headers: KeyValuePairs<String, String> = [:],
        body: ByteBuffer?,
        isChunked: Bool = false
    ) async throws -> Answer {
        try await send(
            method, target, headers: headers.map { ($0.key, $0.value) }, body: body, isChunked: isChunked)
    }

    func send(
        _ method: HTTPRequest.Method, _ target: String, headers: [(String, String)], body: ByteBuffer?,
        isChunked: Bool = false
    ) async throws -> Answer {
        var head = HTTPRequest(method: method, scheme: "http", authority: "test", path: target)
        for (name, value) in headers { head.headerFields.append(HTTPField(name: HTTPField.Name(name)!, value: value)) }
        if isChunked {
            head.headerFields[.transferEncoding] = "chunked"
        } else if let body {
            head.headerFields[.contentLength] = String(body.readableBytes)
        }
        let request = Request(head: head, body: RequestBody(buffer: body ?? ByteBuffer()))
        let logger = Logger(label: "test") { _ in lines.handler }
        let response = try await responder.respond(to: request, context: GatewayRequestContext(logger: logger))
        let collected = Collected()
        try await response.body.write(collected)
        return Answer(status: response.status.code, headers: response.headers, body: collected.bytes)
    }

    private final class Collected: ResponseBodyWriter, Sendable {
        private let parts = Mutex(Data())

        var bytes: Data { parts.withLock { $0 } }

        func write(_ buffer: ByteBuffer) async throws {
            parts.withLock { $0.append(contentsOf: buffer.readableBytesView) }
        }

        consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
    }
}
