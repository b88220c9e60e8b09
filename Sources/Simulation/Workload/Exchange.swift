import Foundation
import Gateway
import HTTPTypes
import Hummingbird
import Logging
import NIOCore

/// What a client sends.
struct ClientRequest: Sendable {
    var method: HTTPRequest.Method
    var path: String
    var fields: [(name: String, value: String)] = []
    var body = ""
}

/// What it gets back.
struct ClientAnswer: Sendable {
    var status: Int
    var fields: HTTPFields
    var body: String

    subscript(name: String) -> String? { fields[HTTPField.Name(name)!] }

    /// `Location: /v1/commands/{id}`.
    var location: String? { self["Location"]?.split(separator: "/").last.map(String.init) }
    var version: UInt64? { self["Tidemark-Version"].flatMap { UInt64($0) } }
}

extension GatewayProcess {
    /// Answers a request through the real HTTP layer, without a socket.
    func respond(to request: ClientRequest) async -> ClientAnswer? {
        var head = HTTPRequest(method: request.method, scheme: "http", authority: "simulation", path: request.path)
        for (name, value) in request.fields {
            head.headerFields.append(HTTPField(name: HTTPField.Name(name)!, value: value))
        }
        if !request.body.isEmpty { head.headerFields[.contentLength] = String(request.body.utf8.count) }
        let message = Request(head: head, body: RequestBody(buffer: ByteBuffer(string: request.body)))
        let logger = Logger(label: "simulation") { _ in SwiftLogNoOpLogHandler() }
        guard
            let response = try? await responder.respond(to: message, context: GatewayRequestContext(logger: logger))
        else { return nil }
        let body = CollectedBody()
        try? await response.body.write(body)
        return ClientAnswer(status: response.status.code, fields: response.headers, body: body.text)
    }
}

/// `@unchecked Sendable`: the simulator runs everything on one thread.
private final class CollectedBody: ResponseBodyWriter, @unchecked Sendable {
    private var bytes = ByteBuffer()

    var text: String { String(buffer: bytes) }

    func write(_ buffer: ByteBuffer) async throws { bytes.writeImmutableBuffer(buffer) }

    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
}
