import Cache
import Commands
import EventLog
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

extension GatewayResponder {
    func get(_ exchange: Exchange) async throws -> Response {
        let key = exchange.key
        let headers = try exchange.headers()
        let session = try session(headers)
        if exchange.target.query != nil, let point = try pointInTime(exchange.query(["version", "at"])) {
            return try await past(key, at: point, headers, session)
        }
        let result = try await useCases.read(
            ReadRequest(
                key: key, consistency: headers.consistency ?? (session == nil ? .eventual : .session),
                session: session, principal: exchange.principal, wait: headers.preferences.waitDuration))
        let state = result.entry.state
        let token = HTTPField(name: .tidemarkSession, value: encode(session, seen: state.version, result))
        guard !state.deleted else { throw absent([token, .cacheStatus(result.source)]) }
        return try value(
            state.version, modified: result.entry.modifiedAt, type: result.entry.contentType, result.entry.value,
            token, .cacheStatus(result.source), headers)
    }

    /// The client's token, with what this read has shown it.
    private func encode(_ session: SessionToken?, seen version: UInt64, _ result: ReadResult) -> String {
        guard var token = session else { return useCases.sessions.encode(sequence: version, in: result.partition) }
        token.see(version, result)
        return useCases.sessions.encode(token)
    }

    func absent(_ fields: [HTTPField]) -> Problem {
        var problem = Problem(.notFound, "The key has no value.")
        problem.fields = fields
        return problem
    }

    private func value(
        _ version: UInt64, modified: Timestamp, type: String, _ bytes: @autoclosure () -> ByteBuffer,
        _ token: HTTPField, _ cacheStatus: HTTPField, _ request: RequestHeaders
    ) throws(Problem) -> Response {
        if let condition = request.ifMatch, !condition.matchesStrongly(version) {
            var problem = Problem(
                .preconditionFailed, "If-Match names other versions than \(version), the one there is.",
                .version(version))
            problem.fields = [.entityTag(version), token]
            throw problem
        }
        var headers: HTTPFields = [:]
        headers.reserveCapacity(10)
        headers.appendVersion(version)
        headers.append(HTTPField(name: .lastModified, value: HTTPDate.text(modified)))
        headers.append(token)
        headers.append(cacheStatus)
        headers.append(.noCache)
        if let condition = request.ifNoneMatch, condition.matchesWeakly(version) {
            return .empty(.notModified, headers)
        }
        headers.append(type == Content.defaultType ? .defaultContent : HTTPField(name: .contentType, value: type))
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: bytes()))
    }

    // MARK: - The past

    private func pointInTime(_ query: QueryParameters) throws(Problem) -> PointInTime? {
        switch (try query.version("version"), try query.time("at")) {
        case (nil, nil): return nil
        case (let version?, nil): return .version(version)
        case (nil, let time?): return .time(time)
        case (_?, _?): throw .parameter("at", "not together with version; send one of them")
        }
    }

    private func past(
        _ key: Key, at point: PointInTime, _ headers: RequestHeaders, _ session: SessionToken?
    ) async throws -> Response {
        let event = try await useCases.event(of: key, at: point)
        var token = session ?? SessionToken()
        if let event { token.saw(event.sequence, in: useCases.partition(of: key)) }
        let tokenField = sessionField(token)
        let bypass = HTTPField.cacheStatus(.database)
        guard let event, event.kind == .put, !event.hasExpired(at: point) else { throw absent([tokenField, bypass]) }
        guard let content = event.content else {
            var problem =
                event.isArchived
                ? Problem(
                    .valueArchived, "The value of version \(event.sequence) is in the archive.",
                    .version(event.sequence))
                : Problem(
                    .valueErased, "The value of version \(event.sequence) was erased.", .version(event.sequence))
            problem.fields = [tokenField]
            throw problem
        }
        return try value(
            event.sequence, modified: event.appliedAt, type: content.type, ByteBuffer(bytes: content.value), tokenField,
            bypass, headers)
    }
}

extension Event {
    /// A version is what it was for as long as it is asked for by number; at a time, its expiry counts.
    fileprivate func hasExpired(at point: PointInTime) -> Bool {
        guard case .time(let time) = point, let expiresAt else { return false }
        return expiresAt <= time
    }
}

extension SessionToken {
    /// Adds what a read has shown.
    mutating func see(_ version: UInt64, _ result: ReadResult) {
        if version > 0 { saw(version, in: result.partition) }
        if let vector = result.vector { fold(vector, in: result.partition) }
    }
}
