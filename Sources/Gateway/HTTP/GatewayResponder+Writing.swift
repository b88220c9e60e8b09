import Commands
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

extension GatewayResponder {
    func put(_ exchange: inout Exchange) async throws -> Response {
        let headers = try exchange.headers()
        if exchange.target.query != nil { _ = try exchange.query([]) }
        if headers.hasContentEncoding {
            throw Problem(
                .unsupportedMediaType,
                "Content-Encoding: values are kept as they come and could not be given back encoded. Send it plain.",
                .header("Content-Encoding"))
        }
        if headers.hasContentRange {
            throw Problem.header("Content-Range", "a value is written as a whole, not in parts")
        }
        let precondition = try headers.precondition()
        let session = try session(headers)
        let body = try await exchange.wholeBody(headers, limit: limits.value, tooLarge: .valueTooLarge)
        let content = Content(
            value: Data(body.readableBytesView), type: headers.contentType ?? Content.defaultType)
        return try await write(.put(content), exchange, precondition, headers, session)
    }

    func delete(_ exchange: inout Exchange) async throws -> Response {
        let headers = try exchange.headers()
        if exchange.target.query != nil { _ = try exchange.query([]) }
        if headers.timeToLive != nil { throw Problem.header("Tidemark-TTL", "has no meaning on DELETE") }
        let precondition = try headers.precondition()
        let session = try session(headers)
        return try await write(.delete, exchange, precondition, headers, session)
    }

    private func write(
        _ operation: Command.Operation, _ exchange: Exchange, _ precondition: Precondition, _ headers: RequestHeaders,
        _ session: SessionToken?
    ) async throws -> Response {
        let key = exchange.key
        var token = try await self.session(session, forWritesTo: CollectionOfOne(useCases.partition(of: key)))
        let result = try await useCases.write(
            WriteRequest(
                operation: operation, key: key, precondition: precondition, timeToLive: headers.timeToLive,
                idempotencyKey: headers.idempotencyKey, principal: exchange.principal,
                traceparent: exchange.signs.trace?.text, wait: headers.preferences.waitDuration))
        let answer = WriteAnswer(.success(result), token: &token)
        var fields: HTTPFields = [:]
        fields.reserveCapacity(8)
        fields.append(sessionField(token))
        if case .ended = result, let wait = headers.preferences.wait {
            fields.append(HTTPField(name: .preferenceApplied, value: "wait=" + String(wait)))
        }
        switch answer {
        case .failed(var problem):
            problem.fields += fields
            throw problem
        case .accepted(let id):
            let id = id.description
            fields.append(HTTPField(name: .tidemarkCommand, value: id))
            fields.append(HTTPField(name: .location, value: "/v1/commands/" + id))
            return .json(.accepted, fields, capacity: 96) { json in
                json.object { json in
                    json.member("command", id)
                    json.member("status", "accepted")
                }
            }
        case .applied(let id, let status, let version):
            let id = id.description
            fields.append(HTTPField(name: .tidemarkCommand, value: id))
            if let version { fields.appendVersion(version) }
            guard status != .noContent else { return .empty(status, fields) }
            return .json(status, fields, capacity: 128) { json in
                json.object { json in
                    json.member("command", id)
                    json.member("status", "applied")
                    if let version { json.member("version", version) }
                }
            }
        }
    }
}
