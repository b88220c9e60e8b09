import Commands
import Foundation
import Testing

@Suite("End to end: the API on real servers")
struct EndToEndTests {
    @Test("A write through one gateway is read through another, at every consistency")
    func writeAndRead() async throws {
        let cluster = try await TestCluster()
        try await cluster.withProjector { _ in
            try await cluster.withGateway { first in
                try await cluster.withGateway { second in
                    let put = try await first.put("a/b%20c%2Fd", "one", ["Content-Type": "text/plain"])
                    #expect(put.status == 202, "\(put)")
                    let session = ["Tidemark-Session": put.session, "Prefer": "wait=10"]
                    let mine = try await second.get("a/b%20c/d", session)
                    #expect(mine.status == 200 && mine.text == "one", "\(mine)")
                    #expect(mine.headers["etag"] == "\"1\"")
                    #expect(mine.headers["content-type"] == "text/plain")
                    for consistency in ["eventual", "applied", "linearizable"] {
                        let answer = try await second.get("a/b%20c/d", ["Tidemark-Consistency": consistency])
                        #expect(answer.text == "one", "\(consistency): \(answer)")
                    }
                    let again = try await second.get("a/b%20c/d")
                    try await eventually("cached", state: { try await second.get("a/b%20c/d") }) {
                        $0.headers["cache-status"] == "tidemark; hit"
                    }
                    let unchanged = try await second.get("a/b%20c/d", ["If-None-Match": again.headers["etag"] ?? ""])
                    #expect(unchanged.status == 304)
                }
            }
        }
    }

    @Test("Synchronous writes: created, replaced, precondition failed, deleted, absent")
    func synchronous() async throws {
        let cluster = try await TestCluster()
        try await cluster.withProjector { _ in
            try await cluster.withGateway { gateway in
                let wait = ["Prefer": "wait=20"]
                let created = try await gateway.put("k", "1", wait)
                #expect(created.status == 201, "\(created)")
                let etag = try #require(created.headers["etag"])
                #expect(try await gateway.put("k", "2", wait.with("If-None-Match", "*")).status == 412)
                let replaced = try await gateway.put("k", "2", wait.with("If-Match", etag))
                #expect(replaced.status == 200, "\(replaced)")
                let stale = try await gateway.put("k", "3", wait.with("If-Match", etag))
                #expect(stale.status == 412)
                #expect(stale.json["type"] as? String == "/problems/precondition-failed")
                #expect(stale.headers["etag"] == replaced.headers["etag"])
                #expect(try await gateway.get("k").text == "2", "what was waited for is read at once")
                #expect(try await gateway.delete("k", wait).status == 204)
                #expect(try await gateway.delete("k", wait).status == 204)
                let gone = try await gateway.get("k")
                #expect(gone.status == 404 && !gone.session.isEmpty, "\(gone)")

                let history = try await gateway.history("k")
                #expect(
                    history.map { $0["kind"] as? String }
                        == ["put", "rejected", "put", "rejected", "deleted", "deleted"], "\(history)")
                let first = try #require(history[0]["version"] as? Int)
                #expect(try await gateway.get("k?version=\(first)").text == "1")
                let time = try #require(history[2]["time"] as? String)
                #expect(try await gateway.get("k?at=\(time)").text == "2")
                #expect(try await gateway.get("k?version=\(first + 100)").status == 404)
            }
        }
    }

    @Test("An Idempotency-Key makes one command of many requests, through any gateway")
    func idempotency() async throws {
        let cluster = try await TestCluster()
        try await cluster.withProjector { _ in
            try await cluster.withGateway { first in
                try await cluster.withGateway { second in
                    let headers = ["Idempotency-Key": "order-7", "Prefer": "wait=20"]
                    let once = try await first.put("o", "1", headers)
                    #expect(once.status == 201, "\(once)")
                    #expect(try await second.put("o", "2", ["Prefer": "wait=20"]).status == 200)
                    let again = try await second.put("o", "1", headers)
                    #expect(again.status == 201, "the first outcome: \(again)")
                    #expect(again.json["command"] as? String == once.json["command"] as? String)
                    #expect(try await second.get("o").text == "2")
                    let other = try await second.put("o", "other", headers)
                    #expect(other.status == 422, "\(other)")
                    #expect(try await first.history("o").count == 3)
                }
            }
        }
    }

    @Test("A command's status goes from pending to its end; a made-up id is not found")
    func status() async throws {
        let cluster = try await TestCluster()
        try await cluster.withGateway { gateway in
            let accepted = try await gateway.put("s", "1")
            let location = try #require(accepted.headers["location"])
            #expect(try await HTTP.send(.get, gateway.url + location).json["status"] as? String == "pending")
            try await cluster.withProjector { _ in
                try await eventually(
                    "applied",
                    state: { try await HTTP.send(.get, gateway.url + location).json["status"] as? String }
                ) { $0 == "applied" }
            }
            let madeUp = "/v1/commands/01a20d9f-249b-7000-b803-6ad62198f908"
            let answers = try await HTTP.send(.get, gateway.url + madeUp)
            #expect(answers.status == 404, "\(answers)")
        }
    }

    @Test("A value is gone when its time is up, everywhere, and an expired event says so")
    func expiry() async throws {
        let cluster = try await TestCluster()
        try await cluster.withProjector { _ in
            try await cluster.withGateway { gateway in
                let put = try await gateway.put("t", "1", ["Tidemark-TTL": "1", "Prefer": "wait=20"])
                #expect(put.status == 201, "\(put)")
                for consistency in ["eventual", "applied"] {
                    try await eventually(
                        "gone (\(consistency))",
                        state: { try await gateway.get("t", ["Tidemark-Consistency": consistency]).status }
                    ) { $0 == 404 }
                }
                try await eventually("expired event", state: { try await gateway.history("t") }) { events in
                    events.map { $0["kind"] as? String } == ["put", "expired"]
                }
            }
        }
    }

    @Test("A batch answers each operation as the single call would, in order")
    func batch() async throws {
        let cluster = try await TestCluster()
        try await cluster.withProjector { _ in
            try await cluster.withGateway { gateway in
                let body = """
                    {"operations":[{"op":"put","key":"b1","value":"x"},{"op":"put","key":"b1","value":"y"},
                    {"op":"put","key":"b1","value":"z","if_none_match":"*"},{"op":"delete","key":"b2"},
                    {"op":"put","key":"b3","value_base64":"AP8="}]}
                    """
                let answer = try await HTTP.send(
                    .post, gateway.url + "/v1/batch", ["Prefer": "wait=20", "Content-Type": "application/json"],
                    body: body)
                let results = try #require(answer.json["results"] as? [[String: Any]], "\(answer)")
                #expect(results.map { $0["status"] as? Int } == [201, 200, 412, 204, 201], "\(answer)")
                let list = try await HTTP.send(.get, gateway.url + "/v1/kv?prefix=b&values=true")
                let items = try #require(list.json["items"] as? [[String: Any]])
                #expect(items.map { $0["key"] as? String } == ["b1", "b3"])
                #expect(items[0]["value"] as? String == "y")
                #expect(items[1]["value_base64"] as? String == "AP8=")
            }
        }
    }

    @Test("A list pages through all keys in byte order, each once")
    func list() async throws {
        let cluster = try await TestCluster()
        let names = (0..<250).map { "p/\($0)" } + ["p", "p0", "q", "é", "e\u{301}", "p/\u{10FFFF}"]
        try await cluster.withProjector { _ in
            try await cluster.withGateway { gateway in
                let operations = names.map { ["op": "put", "key": $0, "value": $0] }
                let body = try JSONSerialization.data(withJSONObject: ["operations": operations])
                let put = try await HTTP.send(
                    .post, gateway.url + "/v1/batch", ["Prefer": "wait=20"], body: String(decoding: body, as: UTF8.self)
                )
                #expect(put.status == 200, "\(put)")
                for prefix in ["", "p/"] {
                    var seen: [String] = []
                    var after: String?
                    repeat {
                        var query = "/v1/kv?limit=37&prefix=\(prefix)"
                        if let after { query += "&after=\(after)" }
                        let page = try await HTTP.send(.get, gateway.url + query)
                        let items = try #require(page.json["items"] as? [[String: Any]], "\(page)")
                        seen += items.compactMap { $0["key"] as? String }
                        after = (page.json["next"] as? String)?
                            .addingPercentEncoding(withAllowedCharacters: .alphanumerics)
                    } while after != nil
                    let expected = names.filter { $0.utf8.starts(with: prefix.utf8) }
                        .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
                    #expect(seen.map { Array($0.utf8) } == expected.map { Array($0.utf8) })
                }
            }
        }
    }
}

extension TestGateway {
    func history(_ key: String) async throws -> [[String: Any]] {
        try await HTTP.send(.get, url + "/v1/history/\(key)").json["events"] as? [[String: Any]] ?? []
    }
}

extension [String: String] {
    func with(_ name: String, _ value: String) -> Self { merging([name: value]) { $1 } }
}
