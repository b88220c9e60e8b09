import Commands
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Synchronization
import Testing

@testable import Gateway

@Suite("The log of requests")
struct RequestLogTests {
    private static let sampled = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    private static let unsampled = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"

    private func signs(_ headers: [HTTPField.Name: String] = [:]) -> RequestSigns {
        var head = HTTPRequest(method: .get, scheme: "http", authority: "test", path: "/v1/kv/k")
        for (name, value) in headers { head.headerFields[name] = value }
        return RequestSigns(Request(head: head, body: RequestBody(buffer: ByteBuffer())))
    }

    @Test(
        "Which requests are notable",
        arguments: [
            (200, 0, nil, false, nil), (404, 0, nil, false, nil), (412, 10, unsampled, false, nil),
            (503, 0, nil, false, .warning), (500, 0, sampled, true, .warning), (200, 1_000, nil, false, .notice),
            (200, 999, nil, false, nil), (200, 5_000, nil, true, nil), (200, 0, sampled, false, .info),
            (200, 5_000, sampled, true, .info),
        ] as [(Int, Int, String?, Bool, Logger.Level?)])
    func notable(status: Int, milliseconds: Int, trace: String?, waits: Bool, level: Logger.Level?) {
        var headers: [HTTPField.Name: String] = [:]
        headers[.init("traceparent")!] = trace
        if waits { headers[.init("Prefer")!] = "wait=5" }
        let line = RequestLog(.notable).line(
            .init(code: status), after: .milliseconds(milliseconds), signs(headers), at: .now)
        #expect(line?.level == level)
    }

    @Test(
        "A flood of failures leaves room for the traces that are recorded, and the next second tells how many were left out"
    )
    func flood() {
        let log = RequestLog(.notable)
        let start = ContinuousClock.now
        func failure(at now: ContinuousClock.Instant) -> RequestLog.Line? {
            log.line(.serviceUnavailable, after: .zero, signs(), at: now)
        }
        let written = (0..<1_000).compactMap { _ in failure(at: start) }
        #expect(written.count == RequestLog.linesPerSecond)
        #expect(log.line(.ok, after: .zero, signs([.init("traceparent")!: Self.sampled]), at: start) != nil)
        #expect(failure(at: start + .seconds(1)) == .init(level: .warning, leftOut: 900))
        #expect(failure(at: start + .seconds(1)) == .init(level: .warning, leftOut: 0))
    }

    @Test("All are logged when asked for, none when turned off")
    func choices() {
        let now = ContinuousClock.now
        #expect((0..<1_000).allSatisfy { _ in RequestLog(.all).line(.ok, after: .zero, signs(), at: now) != nil })
        #expect(RequestLog(.off).line(.internalServerError, after: .seconds(9), signs(), at: now) == nil)
    }

    @Test("A write's line has its names, and neither key nor value nor token")
    func names() async throws {
        let call = Caller()
        let answer = try await call(
            .put, "/v1/kv/secret-key",
            ["traceparent": Self.sampled, "X-Request-Id": "r-1", "Authorization": "Bearer secret-token"],
            body: "secret-value")
        let line = try #require(call.lines.all.first)
        let metadata = try #require(line.metadata)
        #expect(call.lines.all.count == 1)
        #expect(metadata["request_id"] == "r-1")
        #expect(metadata["trace_id"] == "4bf92f3577b34da6a3ce929d0e0e4736")
        #expect(metadata["span_id"] == "00f067aa0ba902b7")
        #expect(metadata["command_id"]?.description == answer["Tidemark-Command"])
        #expect(metadata["route"] == "/v1/kv/{key}")
        #expect(metadata["method"] == "PUT")
        #expect(metadata["status"]?.description == "202")
        #expect(metadata["principal"] == "anonymous")
        #expect(!"\(line)".contains("secret"))
    }

    @Test(
        "A request id is given back when it is well-formed",
        arguments: [
            ("abc", "abc"), ("7f3a/b:c_d.e+f=", "7f3a/b:c_d.e+f="), ("a b", nil), ("a\"b", nil), ("é", nil), ("", nil),
            (String(repeating: "x", count: 128), String(repeating: "x", count: 128)),
            (String(repeating: "x", count: 129), nil),
        ] as [(String, String?)])
    func requestIDs(id: String, echoed: String?) async throws {
        let call = Caller()
        #expect(try await call(.get, "/livez", ["X-Request-Id": id])["X-Request-Id"] == echoed)
        #expect(try await call(.get, "/nowhere", ["X-Request-Id": id])["X-Request-Id"] == echoed)
    }

    @Test("A request that failed gets a name, the one of its line; one that went well gets none")
    func madeIDs() async throws {
        let call = Caller()
        #expect(try await call(.get, "/livez")["X-Request-Id"] == nil)
        call.gateway.state.withLock { $0.failure = GatewayError(.databaseUnavailable, "away") }
        let failed = try await call(.get, "/v1/kv/k")
        let id = try #require(failed["X-Request-Id"])
        #expect(failed.status == 503)
        #expect(call.lines.all.map { $0.metadata?["request_id"]?.description } == [id])
        #expect(RequestSigns.isRequestID(id))
    }

    @Test("Of two trace parents neither counts")
    func twoTraces() async throws {
        let call = Caller()
        _ = try await call(.put, "/v1/kv/k", ["traceparent": Self.sampled, "traceparent": Self.unsampled], body: "")
        #expect(call.gateway.state.withLock { $0.writes[0].traceparent } == nil)
    }

    @Test("A write's answer names its command, whatever became of it")
    func commands() async throws {
        let call = Caller()
        let wait: KeyValuePairs = ["Prefer": "wait=5"]
        for answer in [
            try await call(.put, "/v1/kv/k", body: "1"), try await call(.put, "/v1/kv/k", wait, body: "2"),
            try await call(.put, "/v1/kv/k", ["Prefer": "wait=5", "If-None-Match": "*"], body: "3"),
        ] {
            let command = try #require(try answer.json()["command"] as? String)
            #expect(answer["Tidemark-Command"] == command, "\(answer.status)")
        }
        let deleted = try await call(.delete, "/v1/kv/k", wait)
        #expect(deleted["Tidemark-Command"].flatMap { CommandID($0) } != nil)
    }
}
