import Commands
import Foundation
import HTTPTypes
import Testing

@testable import Gateway

/// What clients send: each is read, or refused with a 4xx that says what was wrong with it.
@Suite("Hostile bytes: requests")
struct RequestFuzzTests {
    @Test("A key in a path is refused or read, and what was read can be written and read again")
    func path() {
        let corpus = ["a/b", "a%2Fb", "%C3%A9", "%F0%9F%90%9F", "{tag}/x", String(repeating: "k", count: 1_024)]
        Fuzzer("Key(path:)", corpus.map { Array($0.utf8) }).run { input, seed in
            guard
                let key = refusing({ () throws(Problem) in
                    try Key(path: Substring(String(decoding: input, as: UTF8.self)))
                })
            else { return }
            #expect((1...Key.maximumBytes).contains(key.text.utf8.count) && !key.text.contains("\0"), "seed \(seed)")
            let again = key.text.utf8.map { String(format: "%%%02X", $0) }.joined()
            #expect((try? Key(path: Substring(again))) == key, "seed \(seed)")
        }
    }

    @Test("A query is refused or read")
    func query() {
        let corpus = [
            "prefix=a%2F&after=a/b&limit=100&values=true", "version=3", "at=2026-11-24T11:16:56.123+01:00", "values",
        ]
        Fuzzer("QueryParameters", corpus.map { Array($0.utf8) }).run { input, _ in
            let text = Substring(String(decoding: input, as: UTF8.self))
            let names: Set = ["prefix", "after", "limit", "values", "version", "at"]
            guard let query = refusing({ () throws(Problem) in try QueryParameters(text, allowed: names) }) else {
                return
            }
            _ = refusing { () throws(Problem) in try query.integer("limit", in: 1...1_000) }
            _ = refusing { () throws(Problem) in try query.version("version") }
            _ = refusing { () throws(Problem) in try query.time("at") }
            _ = refusing { () throws(Problem) in try query.flag("values") }
        }
    }

    @Test(
        "A header is refused or read",
        arguments: [
            ("If-Match", "\"1\", W/\"2\" ,\"3\""), ("If-None-Match", "*"), ("Prefer", "wait=5, respond-async; x=\"y\""),
            ("Idempotency-Key", "\"8e03978e\""), ("Tidemark-TTL", "3600"), ("Tidemark-Consistency", "linearizable"),
            ("Tidemark-Session", "AVu_8cilDE0jAgEBAA"), ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Length", "12"), ("Expect", "100-continue"), ("Transfer-Encoding", "chunked"),
        ])
    func header(name: String, value: String) {
        let field = HTTPField.Name(name)!
        Fuzzer("RequestHeaders", [Array(value.utf8)]).run { input, _ in
            // What can't be in a field's value doesn't pass the server.
            let text = String(decoding: input, as: UTF8.self)
            guard HTTPField.isValidValue(text) else { return }
            let headers = refusing { () throws(Problem) in try RequestHeaders([field: text]) }
            _ = headers.flatMap { headers in refusing { () throws(Problem) in try headers.precondition() } }
        }
    }

    @Test("A trace parent is ignored or read, and what was read is one of version 00 that is read the same again")
    func traceParent() {
        let corpus = [
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-ff-more",
        ]
        Fuzzer("TraceParent", corpus.map { Array($0.utf8) }).run { input, seed in
            guard let trace = TraceParent(String(decoding: input, as: UTF8.self)) else { return }
            #expect(trace.text.wholeMatch(of: #/00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}/#) != nil, "seed \(seed)")
            #expect(TraceParent(trace.text) == trace, "seed \(seed)")
        }
    }

    @Test("A batch is refused, or each of its operations is read or refused")
    func batch() {
        let body = """
            {"operations":[{"op":"put","key":"a","value":"blue","content_type":"text/plain","ttl":60,"if_none_match":"*"},
            {"op":"put","key":"b","value_base64":"Ymx1ZQ==","if_match":"\\"3\\"","idempotency_key":"x"},
            {"op":"delete","key":"c"},{"op":"get","key":"d"}]}
            """
        Fuzzer("BatchRequest", [Array(body.utf8)]).run { input, seed in
            let limits = HTTPLimits()
            let request = refusing { () throws(Problem) in try BatchRequest(json: Data(input), limits: limits) }
            for case .failure(let problem) in request?.operations ?? [] {
                #expect((400..<500).contains(problem.status.code), "seed \(seed)")
            }
        }
    }

    @Test("A time is refused or read, and what was read can be written and read again")
    func time() {
        Fuzzer(
            "Timestamp(rfc3339:)", ["2026-11-24T11:16:56Z", "1999-12-31T23:59:60.999999-12:30"].map { Array($0.utf8) }
        )
        .run { input, seed in
            guard let time = Timestamp(rfc3339: String(decoding: input, as: UTF8.self)) else { return }
            #expect(Timestamp(rfc3339: time.rfc3339) == time, "seed \(seed)")
        }
    }

    /// - Returns: what was read, or `nil` when it was refused as a refusal has to be.
    private func refusing<Value>(_ read: () throws(Problem) -> Value) -> Value? {
        do {
            return try read()
        } catch {
            #expect((400..<500).contains(error.status.code) && !error.detail.isEmpty)
            return nil
        }
    }
}
