import Commands
import EventLog
import Foundation
import HTTPTypes
import Synchronization
import Testing

@testable import Gateway

@Suite("Lists, histories, statuses and the gateway's own pages")
struct PageTests {
    private let call = Caller()

    private func put(_ key: String, _ value: String, _ caller: Caller? = nil) async throws {
        _ = try await (caller ?? call)(
            .put, "/v1/kv/" + key, ["Prefer": "wait=1", "Content-Type": "text/plain"], body: value)
    }

    @Test("A list goes page by page, in key order")
    func list() async throws {
        for key in ["b/1", "a/1", "a/2", "a/3"] { try await put(key, "value of " + key) }
        let first = try await call(.get, "/v1/kv?prefix=a/&limit=2&values=true")
        let items = try #require(first.json()["items"] as? [[String: Any]])
        #expect(items.map { $0["key"] as? String } == ["a/1", "a/2"])
        #expect(items[0]["value"] as? String == "value of a/1")
        #expect(items[0]["version"] as? Int == 2)
        #expect(items[0]["size"] as? Int == 12)
        #expect(items[0]["content_type"] as? String == "text/plain")
        #expect(try first.json()["next"] as? String == "a/2")
        #expect(first.session != nil)
        let second = try await call(.get, "/v1/kv?prefix=a/&limit=2&after=a/2")
        let rest = try #require(second.json()["items"] as? [[String: Any]])
        #expect(rest.map { $0["key"] as? String } == ["a/3"])
        #expect(rest[0]["value"] == nil)
        #expect(try second.json()["next"] == nil)
        #expect(try await call(.get, "/v1/kv?prefix=zzz").json()["items"] as? [[String: String]] == [])
    }

    @Test("A page ends early where its values get too large")
    func bytes() async throws {
        let small = Caller(limits: HTTPLimits(answerValues: 10))
        for key in ["a", "b", "c"] { try await put(key, "0123456", small) }
        let list = try await small(.get, "/v1/kv?values=true").json()
        #expect((list["items"] as? [Any])?.count == 1)
        #expect(list["next"] as? String == "a")
        #expect((try await small(.get, "/v1/kv").json()["items"] as? [Any])?.count == 3)
    }

    @Test("A session's list waits for the session's writes")
    func reached() async throws {
        let token = try #require(try await call(.put, "/v1/kv/k", body: "x").session)
        _ = try await call(.get, "/v1/kv", ["Tidemark-Session": token])
        _ = try await call(.get, "/v1/kv", ["Tidemark-Session": token, "Tidemark-Consistency": "eventual"])
        _ = try await call(.get, "/v1/history/k", ["Tidemark-Session": token])
        _ = try await call(.get, "/v1/kv")
        #expect(
            try call.gateway.state.withLock { $0.reached } == [
                call.gateway.sessions.decode(token), call.gateway.sessions.decode(token),
            ])
        #expect(try await call(.get, "/v1/kv", ["Tidemark-Consistency": "linearizable"]).problem == "invalid-header")
    }

    @Test("A history tells every event, the oldest first")
    func history() async throws {
        try await put("k", "one")
        _ = try await call(.put, "/v1/kv/k", ["Prefer": "wait=1", "If-None-Match": "*"], body: "no")
        _ = try await call(.delete, "/v1/kv/k", ["Prefer": "wait=1"])
        let all = try #require(try await call(.get, "/v1/history/k?values=true").json()["events"] as? [[String: Any]])
        #expect(all.map { $0["kind"] as? String } == ["put", "rejected", "deleted"])
        #expect(all.map { $0["version"] as? Int } == [1, 2, 3])
        #expect(all[0]["value"] as? String == "one")
        #expect(all[0]["time"] as? String == "2026-11-24T11:16:56.000042Z")
        #expect(all[0]["principal"] as? String == "anonymous")
        #expect(all[0]["size"] as? Int == 3)
        #expect(all[1]["reason"] as? String == "precondition-failed")
        #expect(all[1]["previous_version"] as? Int == 1)
        let page = try await call(.get, "/v1/history/k?limit=1&after=1").json()
        #expect((page["events"] as? [[String: Any]])?.map { $0["version"] as? Int } == [2])
        #expect(page["next"] as? Int == 2)
        #expect((try await call(.get, "/v1/history/none").json()["events"] as? [Any])?.isEmpty == true)
    }

    @Test("Commands tell their status")
    func commands() async throws {
        let pending = try #require(try await call(.put, "/v1/kv/k", body: "x")["Location"])
        #expect(try await call(.get, pending).json()["status"] as? String == "pending")
        let applied = try await call(.put, "/v1/kv/k", ["Prefer": "wait=1"], body: "x").json()["command"] as! String
        let status = try await call(.get, "/v1/commands/" + applied).json()
        #expect(status["status"] as? String == "applied")
        #expect(status["key"] as? String == "k")
        #expect(status["version"] as? Int == 1)
        let refused =
            try await call(.put, "/v1/kv/k", ["Prefer": "wait=1", "If-None-Match": "*"], body: "x").json()["command"]
            as! String
        let rejected = try await call(.get, "/v1/commands/" + refused).json()
        #expect(rejected["status"] as? String == "rejected")
        #expect(rejected["reason"] as? String == "precondition-failed")
        for id in ["", "x", "00000000-0000-0000-0000-000000000000"] {
            let answer = try await call(.get, "/v1/commands/" + id)
            #expect(answer.status == 404)
            #expect(answer.problem == "unknown-command")
        }
    }

    @Test("Readiness fails only with what is required; liveness never")
    func health() async throws {
        let broker = HealthReport.Check(name: "broker", ok: true, detail: "connected")
        let cache = HealthReport.Check(name: "cache", ok: false, required: false, detail: "away")
        call.gateway.state.withLock { $0.checks = [broker, cache] }
        let ready = try await call(.get, "/readyz")
        #expect(ready.status == 200)
        #expect((try ready.json()["checks"] as? [[String: Any]])?.map { $0["name"] as? String } == ["cache"])
        #expect((try await call(.get, "/readyz?verbose").json()["checks"] as? [Any])?.count == 3)
        call.gateway.state.withLock { $0.checks = [HealthReport.Check(name: "broker", ok: false, detail: "gone")] }
        let unready = try await call(.get, "/readyz")
        #expect(unready.status == 503)
        #expect(unready["Retry-After"] == "1")
        #expect(try unready.json()["status"] as? String == "unavailable")
        #expect(try await call(.get, "/livez").status == 200)
    }

    @Test("Every problem has a page", arguments: ProblemType.allCases)
    func problemPages(type: ProblemType) async throws {
        let page = try await call(.get, "/problems/" + type.rawValue)
        #expect(page.status == 200)
        #expect(page["Content-Type"] == "text/html; charset=utf-8")
        #expect(page.text.contains(type.rawValue))
        #expect(try await call(.get, "/problems").text.contains("/problems/" + type.rawValue))
        let description = type.description
        #expect((description.retryAfter != nil) == (description.status == .serviceUnavailable))
    }

    @Test("Metrics, the landing page and their HEADs answer")
    func pages() async throws {
        #expect(try await call(.get, "/metrics").text == "up 1\n")
        #expect(try await call(.get, "/").json()["api"] as? String == "/openapi.json")
        for path in ["/", "/metrics", "/openapi.json", "/problems", "/livez", "/readyz", "/v1/kv"] {
            let get = try await call(.get, path)
            let head = try await call(.head, path)
            #expect(head.status == 200)
            #expect(head.body.isEmpty)
            #expect(head["Content-Length"] == String(get.body.count))
        }
    }

    @Test("The OpenAPI document has exactly the paths, methods and problems that there are")
    func openAPI() async throws {
        let document = try await call(.get, "/openapi.json").json()
        let paths = try #require(document["paths"] as? [String: [String: Any]])
        #expect(Set(paths.keys) == Set(Route.allCases.map(\.rawValue)))
        let verbs: Set = ["get", "head", "put", "delete", "post", "options", "patch", "trace"]
        for route in Route.allCases {
            let described = Set((paths[route.rawValue] ?? [:]).keys).intersection(verbs)
            #expect(described == Set(route.methods.map { $0.rawValue.lowercased() }), "\(route.rawValue)")
            for (name, operation) in paths[route.rawValue] ?? [:] where verbs.contains(name) {
                let responses = try #require((operation as? [String: Any])?["responses"] as? [String: Any])
                #expect(!responses.isEmpty, "\(name) \(route.rawValue)")
            }
        }
        let components = try #require(document["components"] as? [String: [String: Any]])
        let problem = try #require(components["schemas"]?["Problem"] as? [String: Any])
        let type = (problem["properties"] as? [String: [String: Any]])?["type"]
        #expect(type?["enum"] as? [String] == ProblemType.allCases.map { "/problems/" + $0.rawValue })
    }
}
