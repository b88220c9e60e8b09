import AsyncHTTPClient
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1
import ServiceLifecycle
import Synchronization
import Testing

/// Stands before a gateway and, now and then, lies: a checker that believes it is worthless.
final class LyingProxy: Sendable {
    enum Lie: String, CaseIterable, Sendable {
        /// Says 202 and forwards nothing.
        case forgetsWrites
        /// Answers a read with what it answered the first time.
        case servesOldValues
        /// Sends a write twice, under two idempotency keys.
        case doublesWrites
        /// Takes If-Match and If-None-Match away.
        case ignoresPreconditions
        /// Forwards a write and says that it was refused.
        case refusesWhatItForwards
        /// Takes the session's token away.
        case dropsSessions
        /// Forwards a write and loses the answer: no lie, only an unknown outcome.
        case losesAnswers
    }

    private struct Upstream: Sendable {
        var status: Int
        var headers: HTTPHeaders
        var body: ByteBuffer
    }

    private let target: String
    private let lie: Lie
    private let requests = Mutex(0)
    private let firstAnswers = Mutex<[String: Upstream]>([:])

    private init(_ target: String, _ lie: Lie) {
        self.target = target
        self.lie = lie
    }

    /// Lends the URL of a proxy before `target`.
    static func with(_ target: String, _ lie: Lie, _ body: (String) async throws -> Void) async throws {
        let proxy = LyingProxy(target, lie)
        let (ports, port) = AsyncStream<Int>.makeStream()
        let application = Application(
            responder: CallbackResponder<BasicRequestContext> { request, _ in try await proxy.answer(request) },
            configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { channel in port.yield(channel.localAddress?.port ?? 0) },
            logger: TestCluster.quiet)
        let group = ServiceGroup(configuration: .init(services: [application], logger: TestCluster.quiet))
        let running = Task { try await group.run() }
        do {
            try await body("http://127.0.0.1:\(try #require(await ports.first { _ in true }))")
        } catch {
            await group.triggerGracefulShutdown()
            try? await running.value
            throw error
        }
        await group.triggerGracefulShutdown()
        try? await running.value
    }

    private func answer(_ request: Request) async throws -> Response {
        let body = try await request.body.collect(upTo: 1 << 20)
        let path = request.uri.string
        let isWrite = request.method == .put || request.method == .delete
        let isValue = path.hasPrefix("/v1/kv/")
        let turn = requests.withLock { requests in
            requests += 1
            return requests
        }
        let isTurn = turn.isMultiple(of: 5)
        var headers = HTTPHeaders(
            request.headers.map { ($0.name.canonicalName, $0.value) }.filter { !Self.hopByHop.contains($0.0) })
        switch lie {
        case .forgetsWrites where isWrite && isTurn && headers["Prefer"].isEmpty:
            let made = UUID().uuidString.lowercased()
            return Response(
                status: .accepted,
                body: .init(byteBuffer: ByteBuffer(string: #"{"command":"\#(made)","status":"accepted"}"#)))
        case .doublesWrites where isWrite && isTurn:
            _ = try await forward(request, headers, body)
            headers.replaceOrAdd(name: "Idempotency-Key", value: UUID().uuidString)
        case .ignoresPreconditions:
            headers.remove(name: "If-Match")
            headers.remove(name: "If-None-Match")
        case .dropsSessions:
            headers.remove(name: "Tidemark-Session")
        case .servesOldValues where request.method == .get && isValue && isTurn:
            if let old = firstAnswers.withLock({ $0[path] }) { return Self.response(old) }
        default: break
        }
        let answer = try await forward(request, headers, body)
        if lie == .servesOldValues, request.method == .get, isValue, answer.status == 200 {
            firstAnswers.withLock { if $0[path] == nil { $0[path] = answer } }
        }
        if isWrite, isTurn, lie == .losesAnswers { return Response(status: .gatewayTimeout) }
        if isWrite, isTurn, lie == .refusesWhatItForwards {
            return Response(
                status: .serviceUnavailable, headers: [.contentType: "application/problem+json"],
                body: .init(byteBuffer: ByteBuffer(string: #"{"type":"/problems/queue-full","status":503}"#)))
        }
        return Self.response(answer)
    }

    private static let hopByHop: Set<String> = ["host", "connection", "content-length", "transfer-encoding"]

    private func forward(_ request: Request, _ headers: HTTPHeaders, _ body: ByteBuffer) async throws -> Upstream {
        var forwarded = HTTPClientRequest(url: target + request.uri.string)
        forwarded.method = .init(rawValue: request.method.rawValue)
        forwarded.headers = headers
        if body.readableBytes > 0 { forwarded.body = .bytes(body) }
        let response = try await HTTPClient.shared.execute(forwarded, timeout: .seconds(30))
        return Upstream(
            status: Int(response.status.code), headers: response.headers,
            body: try await response.body.collect(upTo: 16 << 20))
    }

    private static func response(_ answer: Upstream) -> Response {
        var headers = HTTPFields()
        for (name, value) in answer.headers where !hopByHop.contains(name.lowercased()) {
            if let name = HTTPField.Name(name) { headers.append(HTTPField(name: name, value: value)) }
        }
        return Response(
            status: .init(code: answer.status), headers: headers, body: .init(byteBuffer: answer.body))
    }
}
