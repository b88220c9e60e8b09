import Commands
import Foundation
import HTTPTypes
import NIOCore
import Synchronization
import Testing

@testable import Gateway

@Suite("Batches")
struct BatchTests {
    private let call = Caller()

    private func results(
        _ operations: String, wait: Bool = false, _ caller: Caller? = nil
    ) async throws -> [[String: Any]] {
        let answer = try await (caller ?? call)(
            .post, "/v1/batch", wait ? ["Prefer": "wait=5"] : [:], body: "{\"operations\":[\(operations)]}")
        #expect(answer.status == 200, "\(answer.text)")
        return try #require(answer.json()["results"] as? [[String: Any]])
    }

    private func slug(_ result: [String: Any]) -> String? {
        ((result["problem"] as? [String: Any])?["type"] as? String)?.split(separator: "/").last.map(String.init)
    }

    @Test("Each operation gets the status that the single call would, in order, gets after writes")
    func mixed() async throws {
        let results = try await results(
            """
            {"op":"get","key":"a"}, {"op":"put","key":"a","value":"é"},
            {"op":"put","key":"a","value":"2","if_none_match":"*"},
            {"op":"put","key":"b","value_base64":"/wA=","content_type":"image/x"}, {"op":"get","key":"b"},
            {"op":"delete","key":"none"}, {"op":"get","key":"none"}, {"op":"put","key":"a","value":"3","if_match":1},
            {"op":"put","key":"a","value":"4","if_match":"\\"5\\"", "ttl":60}
            """, wait: true)
        #expect(results.map { $0["status"] as? Int } == [200, 201, 412, 201, 200, 204, 404, 200, 200])
        #expect(results[0]["value"] as? String == "4")
        #expect(results[1]["version"] as? Int == 1)
        #expect(results[1]["etag"] as? String == "\"1\"")
        #expect(results[2]["version"] as? Int == 1)
        #expect(slug(results[2]) == "precondition-failed")
        #expect(results[4]["value_base64"] as? String == "/wA=")
        #expect(results[4]["content_type"] as? String == "image/x")
        #expect(slug(results[6]) == "not-found")
    }

    @Test("Without a wait, writes are accepted, handed over in order, and end in one token")
    func accepted() async throws {
        let operations = (0..<50).map { "{\"op\":\"put\",\"key\":\"k\($0 % 7)\",\"value\":\"\($0)\"}" }
        let answer = try await call(.post, "/v1/batch", body: "{\"operations\":[\(operations.joined(separator: ","))]}")
        let results = try #require(answer.json()["results"] as? [[String: Any]])
        #expect(results.allSatisfy { $0["status"] as? Int == 202 && $0["command"] is String })
        let values = call.gateway.state.withLock { state in
            state.writes.map { if case .put(let content) = $0.operation { content.value } else { Data() } }
        }
        #expect(values == (0..<50).map { Data(String($0).utf8) })
        let token = try call.gateway.sessions.decode(#require(answer.session))
        #expect(
            Set(token.marks.map(\.partition)) == Set((0..<7).map { call.gateway.partition(of: Key(trusted: "k\($0)")) })
        )
        #expect(answer["Preference-Applied"] == nil)
    }

    @Test(
        "A bad operation is its own failure",
        arguments: [
            (#"{"op":"put","key":"k"}"#, 400, "invalid-body"),
            (#"{"op":"put","key":"k","value":"a","value_base64":"YQ=="}"#, 400, "invalid-body"),
            (#"{"op":"put","key":"k","value":5}"#, 400, "invalid-body"),
            (#"{"op":"put","key":"k","value":{}}"#, 400, "invalid-body"),
            (#"{"op":"put","key":"k","value_base64":"*"}"#, 400, "invalid-body"),
            (#"{"op":"put","key":"","value":"a"}"#, 400, "invalid-key"),
            (#"{"op":"put","key":"a\u0000b","value":"a"}"#, 400, "invalid-key"),
            (#"{"op":"put","value":"a"}"#, 400, "invalid-body"),
            (#"{"key":"k"}"#, 400, "invalid-body"), (#"{"op":"patch","key":"k"}"#, 400, "invalid-body"),
            (#"{"op":"get","key":"k","ttl":5}"#, 400, "invalid-body"),
            (#"{"op":"delete","key":"k","value":"x"}"#, 400, "invalid-body"),
            (#"{"op":"put","key":"k","value":"a","ttl":0}"#, 400, "invalid-body"),
            (#"{"op":"put","key":"k","value":"a","ttl":1.5}"#, 400, "invalid-body"),
            (#"{"op":"put","key":"k","value":"a","ttl":"5"}"#, 400, "invalid-body"),
            (#"{"op":"put","key":"k","value":"a","if_none_match":"\"3\""}"#, 400, "invalid-body"),
            (#"{"op":"put","key":"k","value":"a","if_match":"x"}"#, 400, "invalid-body"),
            (#"{"op":"put","key":"k","value":"a","if_match":true}"#, 400, "invalid-body"),
            (#"{"op":"put","key":"k","value":"a","idempotency_key":""}"#, 400, "invalid-body"),
            (#"{"op":"put","key":"k","value":"a","content_type":"a\nb"}"#, 400, "invalid-body"),
            (#"{"op":"put","key":"k","value":"12345678901"}"#, 413, "value-too-large"),
        ])
    func badOperation(operation: String, status: Int, problem: String) async throws {
        let small = Caller(limits: HTTPLimits(value: 10))
        let good = #"{"op":"put","key":"k","value":"a","ttl":null}"#
        let results = try await results("\(good),\(operation),\(good)", small)
        #expect(results.map { $0["status"] as? Int } == [202, status, 202])
        #expect(slug(results[1]) == problem)
    }

    @Test(
        "A body that means something else fails the batch, and nothing is written",
        arguments: [
            ("", nil), ("[]", nil), ("{}", nil), ("{\"operations\":5}", nil), ("{\"operations\":[", nil),
            (#"{"operations":[],"mode":"atomic"}"#, nil),
            (#"{"operations":[{"op":"put","key":"k","value":"a"},5]}"#, 1),
            (#"{"operations":[{"op":"put","key":"k","value":"a"},{"op":"put","key":"k","value":"a","tll":5}]}"#, 1),
        ] as [(String, Int?)])
    func badBody(body: String, index: Int?) async throws {
        let answer = try await call(.post, "/v1/batch", body: body)
        #expect(answer.status == 400)
        #expect(answer.problem == "invalid-body")
        #expect(try answer.json()["index"] as? Int == index)
        #expect(call.gateway.state.withLock { $0.writes.isEmpty })
    }

    @Test("Limits: operations, bytes in, bytes out")
    func limits() async throws {
        let small = Caller(limits: HTTPLimits(value: 100, batchBody: 400, batchOperations: 5, answerValues: 10))
        let get = #"{"op":"get","key":"k"}"#
        let many = try await small(
            .post, "/v1/batch", body: "{\"operations\":[\(Array(repeating: get, count: 6).joined(separator: ","))]}")
        #expect(many.problem == "invalid-body")
        let large = try await small(.post, "/v1/batch", body: String(repeating: " ", count: 401))
        #expect(large.status == 413)
        #expect(large.problem == "body-too-large")
        #expect(try await results("", small).isEmpty)
    }

    @Test("Gets beyond what an answer holds are refused one by one")
    func answerLimit() async throws {
        let small = Caller(limits: HTTPLimits(answerValues: 10))
        _ = try await small(.put, "/v1/kv/k", ["Prefer": "wait=1"], body: "0123456789")
        let results = try await results(
            Array(repeating: #"{"op":"get","key":"k"}"#, count: 40).joined(separator: ","), small)
        // The second is the one that is too much; no more are read than surely fit, but for one.
        #expect(results.prefix(2).allSatisfy { $0["status"] as? Int == 200 })
        #expect(results.suffix(38).allSatisfy { slug($0) == "answer-too-large" })
        #expect(small.gateway.state.withLock { $0.reads.count } == 2)
    }

    @Test(
        "What belongs into operations is refused in headers, and other media types too",
        arguments: [
            ("If-Match", "*", 400), ("Tidemark-TTL", "5", 400),
            ("Content-Type", "text/csv", 415),
            ("Content-Encoding", "gzip", 415), ("Content-Type", "application/json; charset=utf-8", 200),
        ])
    func headers(name: String, value: String, status: Int) async throws {
        #expect(try await call(.post, "/v1/batch", [name: value], body: "{\"operations\":[]}").status == status)
    }

    @Test("The batch's idempotency key gives each write one of its own, unless it has one")
    func idempotencyKeys() async throws {
        let operations = #"{"op":"put","key":"a","value":"1"},{"op":"delete","key":"b","idempotency_key":"mine"}"#
        for _ in 0..<2 {
            let answer = try await call(
                .post, "/v1/batch", ["Idempotency-Key": "x"], body: "{\"operations\":[\(operations)]}")
            #expect(answer.status == 200)
        }
        let keys = call.gateway.state.withLock { $0.writes.map(\.idempotencyKey) }
        #expect(keys == ["x\0" + "0", "mine", "x\0" + "0", "mine"])
    }

    @Test("A failing gateway fails each operation")
    func failing() async throws {
        call.gateway.state.withLock { $0.failure = GatewayError(.queueFull, "Try again.") }
        let results = try await results(#"{"op":"put","key":"k","value":"a"},{"op":"get","key":"k"}"#)
        #expect(results.map { $0["status"] as? Int } == [503, 503])
        #expect(slug(results[0]) == "queue-full")
    }

    @Test("With a session, the gets ask for the batch's own writes too")
    func session() async throws {
        let token = call.gateway.sessions.empty
        let body = #"{"operations":[{"op":"put","key":"k","value":"a"},{"op":"get","key":"k"}]}"#
        _ = try await call(.post, "/v1/batch", ["Tidemark-Session": token], body: body)
        _ = try await call(.post, "/v1/batch", body: body)
        let reads = call.gateway.state.withLock { $0.reads }
        #expect(reads.map(\.consistency) == [.session, .eventual])
        #expect(reads[0].session?.marks.first?.pending.count == 1)
    }
}
