import Commands
import EventLog
import Foundation
import HTTPTypes
import NIOCore
import Synchronization
import Testing

@testable import Gateway

@Suite("PUT, GET, HEAD and DELETE of values")
struct ValueTests {
    private let call = Caller()

    @Test("A write is accepted with where to look for its outcome")
    func accepted() async throws {
        let answer = try await call(.put, "/v1/kv/a/b", ["Content-Type": "text/plain"], body: "hello")
        #expect(answer.status == 202)
        let id = try #require(answer.json()["command"] as? String)
        #expect(try answer.json()["status"] as? String == "accepted")
        #expect(answer["Location"] == "/v1/commands/" + id)
        #expect(answer["Preference-Applied"] == nil)
        let token = try call.gateway.sessions.decode(#require(answer.session))
        #expect(token.marks.map(\.pending) == [[Dot(origin: MemoryGateway.origin, n: 1)]])
        let request = call.gateway.state.withLock { $0.writes[0] }
        #expect(request.key == Key(trusted: "a/b"))
        #expect(request.operation == .put(Content(value: Data("hello".utf8), type: "text/plain")))
        #expect(request.wait == nil)
        #expect(request.principal == "anonymous")
    }

    @Test("Everything a write's headers say reaches the use case")
    func headers() async throws {
        let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        _ = try await call(
            .put, "/v1/kv/k",
            [
                "If-Match": "\"3\"", "Tidemark-TTL": "60", "Idempotency-Key": "\"once\"", "traceparent": trace,
                "Prefer": "wait=5",
            ], body: "")
        let request = call.gateway.state.withLock { $0.writes[0] }
        #expect(request.precondition == .versions([3]))
        #expect(request.timeToLive == .seconds(60))
        #expect(request.idempotencyKey == "once")
        #expect(request.traceparent == trace)
        #expect(request.wait == .seconds(5))
        #expect(request.operation == .put(Content(value: Data())))
    }

    @Test("Writes that wait tell what became of them")
    func synchronous() async throws {
        let wait: KeyValuePairs = ["Prefer": "wait=5"]
        let created = try await call(.put, "/v1/kv/k", wait, body: "1")
        #expect(created.status == 201)
        #expect(created["ETag"] == "\"1\"")
        #expect(created["Tidemark-Version"] == "1")
        #expect(created["Preference-Applied"] == "wait=5")
        #expect(try created.json()["version"] as? Int == 1)
        let token = try call.gateway.sessions.decode(#require(created.session))
        #expect(token.marks.map(\.sequence) == [1])

        #expect(try await call(.put, "/v1/kv/k", wait, body: "2").status == 200)
        let conflict = try await call(.put, "/v1/kv/k", ["Prefer": "wait=5", "If-None-Match": "*"], body: "3")
        #expect(conflict.status == 412)
        #expect(conflict.problem == "precondition-failed")
        #expect(try conflict.json()["version"] as? Int == 2)
        #expect(conflict["ETag"] == "\"2\"")
        #expect(conflict["Preference-Applied"] == "wait=5")
        #expect(conflict.session != nil)

        let deleted = try await call(.delete, "/v1/kv/k", wait)
        #expect(deleted.status == 204)
        #expect(deleted.body.isEmpty)
        #expect(deleted["Content-Length"] == nil)
        #expect(deleted["Tidemark-Version"] == "4")
        let absent = try await call(.delete, "/v1/kv/k", wait)
        #expect(absent.status == 204)
        #expect(absent["Tidemark-Version"] == nil)
    }

    @Test("When the wait runs out, or is none, the write is accepted")
    func ranOut() async throws {
        call.gateway.state.withLock { $0.timesOut = true }
        let answer = try await call(.put, "/v1/kv/k", ["Prefer": "wait=5"], body: "1")
        #expect(answer.status == 202)
        #expect(answer["Preference-Applied"] == nil)
        #expect(try await call(.put, "/v1/kv/k", ["Prefer": "wait=0"], body: "1").status == 202)
        #expect(try await call(.delete, "/v1/kv/k").status == 202)
    }

    @Test(
        "Ends of commands that are no success",
        arguments: [
            (.rejected(.preconditionFailed(current: nil)), 412, "precondition-failed"),
            (.rejected(.preconditionFailed(current: 9)), 412, "precondition-failed"),
            (.rejected(.idempotencyKeyReused), 422, "idempotency-key-reused"),
            (.dead(reason: "the value is refused"), 500, "command-dead"),
        ] as [(Outcome.Result, Int, String)])
    func ends(result: Outcome.Result, status: Int, problem: String) async throws {
        call.gateway.state.withLock { $0.outcome = result }
        let answer = try await call(.put, "/v1/kv/k", ["Prefer": "wait=1"], body: "x")
        #expect(answer.status == status)
        #expect(answer.problem == problem)
        #expect(answer["Content-Type"] == "application/problem+json")
        #expect(try answer.json()["command"] != nil)
    }

    @Test("A value comes back as it was put, with what describes it")
    func value() async throws {
        _ = try await call(
            .put, "/v1/kv/k", ["Prefer": "wait=5", "Content-Type": "text/plain; charset=x"], body: "hello")
        for method in [HTTPRequest.Method.get, .head] {
            let answer = try await call(method, "/v1/kv/k")
            #expect(answer.status == 200)
            #expect(answer.text == (method == .get ? "hello" : ""))
            #expect(answer["Content-Length"] == "5")
            #expect(answer["Content-Type"] == "text/plain; charset=x")
            #expect(answer["ETag"] == "\"1\"")
            #expect(answer["Tidemark-Version"] == "1")
            #expect(answer["Last-Modified"] == "Tue, 24 Nov 2026 11:16:56 GMT")
            #expect(answer["Cache-Status"] == "tidemark; hit")
            #expect(answer["Cache-Control"] == "private, no-cache")
            #expect(try call.gateway.sessions.decode(#require(answer.session)).marks.map(\.sequence) == [1])
        }
    }

    @Test(
        "Where an answer came from",
        arguments: [
            (.cache, "tidemark; hit"), (.databaseAfterMiss(stored: true), "tidemark; fwd=miss; stored"),
            (.databaseAfterMiss(stored: false), "tidemark; fwd=miss"), (.database, "tidemark; fwd=bypass"),
        ] as [(ReadSource, String)])
    func sources(source: ReadSource, text: String) async throws {
        call.gateway.state.withLock { $0.source = source }
        #expect(try await call(.get, "/v1/kv/none")["Cache-Status"] == text)
    }

    @Test(
        "Conditional reads",
        arguments: [
            ("If-None-Match", "\"1\"", 304), ("If-None-Match", "W/\"1\"", 304), ("If-None-Match", "\"9\", \"1\"", 304),
            ("If-None-Match", "*", 304),
            ("If-None-Match", "\"2\"", 200), ("If-Match", "\"1\"", 200), ("If-Match", "*", 200),
            ("If-Match", "W/\"1\"", 412), ("If-Match", "\"2\"", 412),
        ])
    func conditional(name: String, value: String, status: Int) async throws {
        _ = try await call(.put, "/v1/kv/k", ["Prefer": "wait=5"], body: "hello")
        let answer = try await call(.get, "/v1/kv/k", [name: value])
        #expect(answer.status == status)
        #expect(answer["ETag"] == "\"1\"")
        #expect(answer.session != nil)
        if status == 304 {
            #expect(answer.body.isEmpty)
            #expect(answer["Content-Length"] == nil)
            #expect(answer["Last-Modified"] != nil)
        }
    }

    @Test("Absence carries a token, too: of the tombstone, or an empty one")
    func absence() async throws {
        let never = try await call(.get, "/v1/kv/k", ["If-None-Match": "*"])
        #expect(never.status == 404)
        #expect(never.problem == "not-found")
        #expect(never.session == call.gateway.sessions.empty)
        _ = try await call(.put, "/v1/kv/k", ["Prefer": "wait=5"], body: "hello")
        _ = try await call(.delete, "/v1/kv/k", ["Prefer": "wait=5"])
        let deleted = try await call(.get, "/v1/kv/k")
        #expect(deleted.status == 404)
        #expect(try call.gateway.sessions.decode(#require(deleted.session)).marks.map(\.sequence) == [2])
        #expect(try await call(.head, "/v1/kv/k").body.isEmpty)
    }

    @Test("A token makes the read a session's, and what is applied folds")
    func session() async throws {
        let accepted = try await call(.put, "/v1/kv/k", body: "x")
        let token = try #require(accepted.session)
        call.gateway.state.withLock { $0.vector = VersionVector(sequence: 5, applied: [MemoryGateway.origin: 1]) }
        let answer = try await call(.get, "/v1/kv/k", ["Tidemark-Session": token, "Prefer": "wait=3"])
        let request = call.gateway.state.withLock { $0.reads[0] }
        #expect(request.consistency == .session)
        #expect(request.wait == .seconds(3))
        #expect(try request.session == call.gateway.sessions.decode(token))
        let merged = try call.gateway.sessions.decode(#require(answer.session))
        #expect(merged.marks.map(\.sequence) == [5])
        #expect(merged.marks.map(\.pending) == [[]])

        _ = try await call(.get, "/v1/kv/k")
        _ = try await call(.get, "/v1/kv/k", ["Tidemark-Session": token, "Tidemark-Consistency": "eventual"])
        _ = try await call(.get, "/v1/kv/k", ["Tidemark-Consistency": "linearizable"])
        #expect(
            call.gateway.state.withLock { $0.reads.map(\.consistency) } == [
                .session, .eventual, .eventual, .linearizable,
            ])
    }

    @Test("The past, by version and by time")
    func past() async throws {
        let wait: KeyValuePairs = ["Prefer": "wait=5"]
        _ = try await call(.put, "/v1/kv/k", wait, body: "one")
        call.gateway.state.withLock { $0.now = $0.now + .seconds(100) }
        _ = try await call(.put, "/v1/kv/k", ["Prefer": "wait=5", "Tidemark-TTL": "10"], body: "two")
        call.gateway.state.withLock { $0.now = $0.now + .seconds(100) }
        _ = try await call(.delete, "/v1/kv/k", wait)

        let first = try await call(.get, "/v1/kv/k?version=1")
        #expect(first.text == "one")
        #expect(first["ETag"] == "\"1\"")
        #expect(first["Cache-Status"] == "tidemark; fwd=bypass")
        #expect(try await call(.get, "/v1/kv/k?version=2").text == "two")
        #expect(try await call(.get, "/v1/kv/k?version=3").status == 404)
        #expect(try await call(.get, "/v1/kv/k?version=0").status == 404)
        #expect(try await call(.get, "/v1/kv/k?at=2026-11-24T11:16:57Z").text == "one")
        #expect(try await call(.get, "/v1/kv/k?at=2026-11-24T11:18:37Z").text == "two")
        #expect(try await call(.get, "/v1/kv/k?at=2026-11-24T11:18:47Z").status == 404)
        #expect(try await call(.get, "/v1/kv/k?at=2026-11-24T11:16:00Z").status == 404)
        #expect(try await call(.get, "/v1/kv/k?at=x").problem == "invalid-query")
        #expect(try await call(.get, "/v1/kv/k?version=1&at=2026-11-24T11:16:00Z").problem == "invalid-query")

        call.gateway.state.withLock { $0.events[0].content = nil }
        let erased = try await call(.get, "/v1/kv/k?version=1")
        #expect(erased.status == 410)
        #expect(erased.problem == "value-erased")
    }

    @Test("What the gateway can't do is 503 with Retry-After", arguments: GatewayError.Code.allCases)
    func unavailable(code: GatewayError.Code) async throws {
        let id = CommandID(high: 1, low: 2)
        call.gateway.state.withLock { $0.failure = GatewayError(code, "Try again.", command: id) }
        for answer in [try await call(.get, "/v1/kv/k"), try await call(.put, "/v1/kv/k", body: "x")] {
            #expect(answer.status == 503)
            #expect(answer.problem == code.rawValue)
            #expect(answer["Retry-After"].flatMap { Int($0) }.map { $0 > 0 } == true)
            #expect(try answer.json()["detail"] as? String == "Try again.")
            #expect(try answer.json()["command"] as? String == id.description)
        }
    }

    @Test(
        "Bad requests get a problem that names what is wrong",
        arguments: [
            (.put, "/v1/kv/", [:], 400, "invalid-key"), (.get, "/v1/kv/%FF", [:], 400, "invalid-key"),
            (.get, "/v1/kv/k?versoin=1", [:], 400, "invalid-query"),
            (.put, "/v1/kv/k?ttl=5", [:], 400, "invalid-query"),
            (.put, "/v1/kv/k", ["If-None-Match": "\"3\""], 400, "invalid-header"),
            (.put, "/v1/kv/k", ["If-None-Match": "*", "If-Match": "*"], 400, "invalid-header"),
            (.put, "/v1/kv/k", ["Content-Encoding": "gzip"], 415, "unsupported-media-type"),
            (.put, "/v1/kv/k", ["Content-Range": "bytes 0-1/2"], 400, "invalid-header"),
            (.delete, "/v1/kv/k", ["Tidemark-TTL": "5"], 400, "invalid-header"),
            (.get, "/v1/kv/k", ["Tidemark-Session": "nonsense"], 400, "session-invalid"),
            (.put, "/v1/kv/k", ["Tidemark-Session": ""], 400, "session-invalid"),
            (.post, "/v1/kv/k", [:], 405, "method-not-allowed"), (.get, "/v1/batch", [:], 405, "method-not-allowed"),
            (.put, "/v1/kv", [:], 405, "method-not-allowed"), (.get, "/nowhere", [:], 404, "unknown-path"),
            (.get, "/problems/nothing", [:], 404, "unknown-path"),
        ] as [(HTTPRequest.Method, String, KeyValuePairs<String, String>, Int, String)])
    func refusals(
        method: HTTPRequest.Method, target: String, headers: KeyValuePairs<String, String>, status: Int, problem: String
    ) async throws {
        let answer = try await call(method, target, headers, body: "x")
        #expect(answer.status == status)
        #expect(answer.problem == problem)
        #expect(answer["Content-Type"] == "application/problem+json")
        #expect((answer["Allow"] != nil) == (status == 405))
        #expect(try answer.json()["status"] as? Int == status)
        #expect(try (answer.json()["detail"] as? String)?.isEmpty == false)
        #expect(call.gateway.state.withLock { $0.writes.isEmpty })
    }

    @Test("Too large a value is refused, whether its length is told or not")
    func tooLarge() async throws {
        let small = Caller(limits: HTTPLimits(value: 10))
        let large = ByteBuffer(repeating: 0x61, count: 11)
        for isChunked in [false, true] {
            let answer = try await small.send(.put, "/v1/kv/k", body: large, isChunked: isChunked)
            #expect(answer.status == 413)
            #expect(answer.problem == "value-too-large")
            #expect(try answer.json()["limit"] as? Int == 10)
            let fits = try await small.send(
                .put, "/v1/kv/k", body: ByteBuffer(repeating: 0x61, count: 10), isChunked: isChunked)
            #expect(fits.status == 202)
        }
    }

    @Test("OPTIONS tells the methods")
    func options() async throws {
        let answer = try await call(.options, "/v1/kv/k")
        #expect(answer.status == 204)
        #expect(answer["Allow"] == "GET, HEAD, PUT, DELETE, OPTIONS")
    }
}
