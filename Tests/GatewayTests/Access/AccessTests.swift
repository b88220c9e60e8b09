import Access
import Commands
import Foundation
import HTTPTypes
import NIOCore
import SplitMix
import Synchronization
import Testing

@testable import Gateway

@Suite("Access control: who may ask, and for what")
struct AccessTests {
    private let call = GuardedCaller([
        "shop": Grant(verbs: [.read, .write, .delete, .audit], prefixes: ["shop/", "stock/"]),
        "reader": Grant(verbs: [.read], prefixes: ["shop/"]),
        "root": .everything,
        "scraper": Grant(verbs: [.audit], prefixes: []),
    ])

    private func fill(_ keys: [String]) async throws {
        for key in keys {
            let path = key.utf8.map { "%" + String($0 >> 4, radix: 16) + String($0 & 0xf, radix: 16) }.joined()
            let answer = try await call(
                "root", .put, "/v1/kv/" + path, [("Prefer", "wait=1")], body: "value of " + key)
            #expect(answer.status == 201)
        }
    }

    // MARK: - Who asks

    @Test(
        "Without a key, or with one that is none, everything but probes and documents is 401",
        arguments: [
            nil, "Bearer", "Bearer ", "Bearer x", "Basic dGlkZTptYXJr", "Bearer tmk_0123456789abcdef_secret",
            "Bearer tmk_0123456789abcdef_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.",
        ])
    func unknown(authorization: String?) async throws {
        let headers = authorization.map { [("Authorization", $0)] } ?? []
        let calls: [(HTTPRequest.Method, String)] = [
            (.get, "/v1/kv/shop/1"), (.head, "/v1/kv/shop/1"), (.put, "/v1/kv/shop/1"), (.delete, "/v1/kv/shop/1"),
            (.get, "/v1/kv"), (.post, "/v1/batch"), (.get, "/v1/history/shop/1"), (.get, "/v1/commands/x"),
            (.get, "/v1/session"), (.get, "/metrics"), (.get, "/v1/kv/%"), (.get, "/v1/changes"),
            (.head, "/v1/changes"),
        ]
        for (method, target) in calls {
            let answer = try await call("nobody", method, target, headers, body: method == .put ? "x" : nil)
            #expect(answer.status == 401, "\(method) \(target)")
            #expect(answer["WWW-Authenticate"]?.hasPrefix("Bearer") == true)
            if method != .head { #expect(answer.problem == "unauthenticated") }
            #expect(authorization.map { !answer.text.contains($0.dropFirst(7)) || $0.count <= 8 } ?? true)
        }
        for target in ["/livez", "/readyz", "/openapi.json", "/problems", "/problems/forbidden", "/"] {
            #expect(try await call("nobody", .get, target, headers).status == 200, "\(target)")
        }
        #expect(call.call.gateway.state.withLock { $0.writes.isEmpty && $0.reads.isEmpty && $0.feeds.isEmpty })
    }

    @Test("Two Authorization fields are none")
    func twice() async throws {
        let token = try #require(call.tokens["root"]).text
        let answer = try await call("shop", .get, "/v1/kv/shop/1", [("Authorization", "Bearer " + token)])
        #expect(answer.status == 401)
    }

    @Test("The scheme's case and more blanks don't matter")
    func scheme() async throws {
        let token = try #require(call.tokens["root"]).text
        for value in ["bearer " + token, "BEARER   " + token] {
            #expect(try await call("nobody", .get, "/v1/kv/x", [("Authorization", value)]).status == 404)
        }
    }

    @Test("A key that was revoked is refused as soon as the gateway knows")
    func revoked() async throws {
        #expect(try await call("shop", .get, "/v1/kv/shop/1").status == 404)
        call.gatekeeper.update { $0.replace(keys: [], readAt: .now) }
        let answer = try await call("shop", .get, "/v1/kv/shop/1")
        #expect(answer.status == 401 && answer["WWW-Authenticate"] == "Bearer error=\"invalid_token\"")
    }

    @Test("When the keys could not be read for too long the answer is 503, not a guess")
    func away() async throws {
        call.clock.advance(by: Credentials.patience + .seconds(1))
        let answer = try await call("shop", .get, "/v1/kv/shop/1")
        #expect(answer.status == 503 && answer.problem == "access-unavailable" && answer["Retry-After"] != nil)
    }

    // MARK: - What for

    @Test("Each call asks for its verb")
    func verbs() async throws {
        try await fill(["shop/1"])
        #expect(try await call("reader", .get, "/v1/kv/shop/1").text == "value of shop/1")
        #expect(try await call("reader", .head, "/v1/kv/shop/1").status == 200)
        #expect(try await call("reader", .get, "/v1/kv?prefix=shop/").status == 200)
        for (method, target) in [
            (.put, "/v1/kv/shop/1"), (.delete, "/v1/kv/shop/1"), (.get, "/v1/history/shop/1"), (.get, "/metrics"),
            (.get, "/v1/changes"), (.get, "/v1/changes?prefix=shop/"),
        ] as [(HTTPRequest.Method, String)] {
            let answer = try await call("reader", method, target, body: method == .put ? "x" : nil)
            #expect(answer.status == 403 && answer.problem == "forbidden", "\(method) \(target)")
            #expect(answer["WWW-Authenticate"] == "Bearer error=\"insufficient_scope\"")
        }
        #expect(try await call("scraper", .get, "/metrics").status == 200)
        for target in ["/v1/kv/shop/1", "/v1/kv", "/v1/history/shop/1", "/v1/changes"] {
            #expect(try await call("scraper", .get, target).status == 403)
        }
    }

    @Test("A key outside is 403 whether it has a value or not, and its body is not read")
    func outside() async throws {
        try await fill(["other/1"])
        let there = try await call("shop", .get, "/v1/kv/other/1")
        let notThere = try await call("shop", .get, "/v1/kv/other/2")
        #expect(there.status == 403 && there.text == notThere.text && there.headers == notThere.headers)
        let large = String(repeating: "x", count: 2 << 20)
        #expect(try await call("shop", .put, "/v1/kv/other/1", body: large).status == 403)
        #expect(try await call("shop", .put, "/v1/kv/shop/1", body: large).status == 413)
    }

    @Test(
        "No spelling reaches a key outside",
        arguments: [
            "secret/1", "%73ecret/1", "secret%2F1", "secret%2f1", "shop/../secret/1", "shop/%2e%2e/secret/1",
            "shop%2F..%2Fsecret%2F1", "./secret/1", "/secret/1", "//secret/1", "shop%252F..%252Fsecret/1",
            "%2573ecret/1", "secret//1", "Secret/1", "SHOP/1", "shop", "shop%00/x", "\u{fb05}ock/1", "sho\u{ff50}/1",
            "shop\u{2215}1", "shop%5C..%5Csecret", "%20shop/1", "+shop/1", "sto\u{301}ck/1",
            "shop;/../secret/1", "shop/1/../../secret/1", "secret/1?version=2", "secret/1?at=2026-01-01T00:00:00Z",
            "secret/1#shop/", "shop%C0%AF..%C0%AFsecret",
        ])
    func spellings(path: String) async throws {
        try await fill(["secret/1", "shop/1", "..", "secret"])
        let before = call.call.gateway.state.withLock { ($0.writes.count, $0.events.count) }
        for base in ["/v1/kv/", "http://elsewhere/v1/kv/", "https://user@host:1/v1/kv/", "/v1/history/"] {
            for (method, name) in [
                (.get, "shop"), (.head, "shop"), (.put, "shop"), (.delete, "shop"), (.get, "reader"),
            ] as [(HTTPRequest.Method, String)] {
                let answer = try await call(name, method, base + path, body: method == .put ? "x" : nil)
                #expect(!answer.text.contains("value of secret"), "\(method) \(base)\(path): \(answer.text)")
                let key = path.split(separator: "?").first.flatMap { try? Key(path: $0) }
                let covered = key.map { $0.text.utf8.starts(with: "shop/".utf8) } ?? false
                if covered {
                    // It names a key of its own, dots and all: keys are not paths.
                    #expect([404, 405, 403, 202, 200, 400].contains(answer.status))
                } else {
                    #expect([400, 403, 405].contains(answer.status), "\(method) \(base)\(path) \(answer.status)")
                }
            }
        }
        let written = call.call.gateway.state.withLock { $0.writes.dropFirst(before.0).map(\.key.text) }
        #expect(written.allSatisfy { $0.utf8.starts(with: "shop/".utf8) || $0.utf8.starts(with: "stock/".utf8) })
        #expect(
            call.call.gateway.state.withLock { $0.reads }.allSatisfy { $0.key.text.utf8.starts(with: "shop/".utf8) })
    }

    @Test("Of a batch, the operations outside are refused, each by itself, and the others go on")
    func batch() async throws {
        try await fill(["shop/1", "secret/1"])
        let body = """
            {"operations":[{"op":"get","key":"shop/1"},{"op":"get","key":"secret/1"},
            {"op":"put","key":"secret/2","value":"x"},{"op":"delete","key":"secret/1"},
            {"op":"get","key":"shop/../secret/1"},{"op":"put","key":"shop/2","value":"x"},
            {"op":"get","key":"se\\u0063ret/1"},{"op":"get","key":""}]}
            """
        func statuses(_ name: String) async throws -> [Int?] {
            let answer = try await call(name, .post, "/v1/batch", [("Prefer", "wait=1")], body: body)
            #expect(!answer.text.contains("value of secret"))
            return try #require(answer.json()["results"] as? [[String: Any]]).map { $0["status"] as? Int }
        }
        #expect(try await statuses("shop") == [200, 403, 403, 403, 404, 201, 403, 400])
        #expect(try await statuses("reader") == [200, 403, 403, 403, 404, 403, 403, 400])
        #expect(try await call("scraper", .post, "/v1/batch", body: body).status == 403)
        #expect(
            call.call.gateway.state.withLock { $0.writes.filter { $0.principal == "key:shop" }.map(\.key.text) }
                == ["shop/2"])
    }

    @Test("A list shows what is within reach, in order, page by page, as if there were nothing else")
    func list() async throws {
        try await fill([
            "a", "secret/1", "shop", "shop/1", "shop/2", "shop/3", "shop0", "stock/1", "stock/2", "stocks", "z",
        ])
        func pages(_ query: String = "", after: String = "", limit: Int) async throws -> [String] {
            var keys: [String] = []
            var next: String? = after
            while let after = next {
                let answer = try await call("shop", .get, "/v1/kv?limit=\(limit)&values=true&after=\(after)\(query)")
                #expect(answer.status == 200)
                let items = try #require(answer.json()["items"] as? [[String: Any]])
                #expect(items.count <= limit)
                keys += items.compactMap { $0["key"] as? String }
                next = try answer.json()["next"] as? String
                if let next { #expect(next == keys.last) }
            }
            return keys
        }
        for limit in 1...6 {
            #expect(try await pages(limit: limit) == ["shop/1", "shop/2", "shop/3", "stock/1", "stock/2"])
            #expect(try await pages("&prefix=s", limit: limit).count == 5)
            #expect(try await pages("&prefix=shop/2", limit: limit) == ["shop/2"])
            #expect(try await pages("&prefix=stock", limit: limit) == ["stock/1", "stock/2"])
        }
        #expect(try await pages(after: "secret/1", limit: 2).first == "shop/1")
        #expect(try await pages(after: "shop/3", limit: 2) == ["stock/1", "stock/2"])
        #expect(try await pages(after: "z", limit: 2).isEmpty)
        for prefix in ["secret", "secret/", "shop0", "stocks", "z", "sx"] {
            let answer = try await call("shop", .get, "/v1/kv?prefix=" + prefix)
            #expect(answer.status == 403, "\(prefix)")
        }
    }

    /// What the last feed was asked with.
    private func lastFeed(_ call: GuardedCaller) throws -> ChangeRequest {
        let last = call.call.gateway.state.withLock { $0.feeds.last }
        return try #require(last)
    }

    @Test("A feed tells of keys within reach and within its prefix, and one that could tell of none is 403")
    func feed() async throws {
        let keys = ["a", "secret/1", "shop", "shop/1", "shop/../secret/1", "shop0", "stock/1", "stocks", "Shop/1", "z"]
        for (query, told) in [
            ("", ["shop/1", "shop/../secret/1", "stock/1"]), ("?prefix=s", ["shop/1", "shop/../secret/1", "stock/1"]),
            ("?prefix=shop", ["shop/1", "shop/../secret/1"]), ("?prefix=shop%2F1", ["shop/1"]),
            ("?prefix=stock/&after=beginning&values=true", ["stock/1"]),
        ] {
            _ = try await call("shop", .get, "/v1/changes" + query)
            let filter = try lastFeed(call).filter
            #expect(keys.filter { filter.admits(Key(trusted: $0)) } == told, "\(query)")
        }
        let begun = call.call.gateway.state.withLock { $0.feeds.count }
        for prefix in ["secret/", "%73ecret/", "stocks", "Shop/", "shop%252F", "/shop/", "./shop/"] {
            for method in [.get, .head] as [HTTPRequest.Method] {
                #expect(try await call("shop", method, "/v1/changes?prefix=" + prefix).status == 403, "\(prefix)")
            }
        }
        #expect(call.call.gateway.state.withLock { $0.feeds.count } == begun)
    }

    @Test("A feed is allowed while its key is in force, and that costs nothing of the rate")
    func feedAllowed() async throws {
        let call = GuardedCaller(["slow": .everything], rates: ["slow": 1])
        _ = try await call("slow", .get, "/v1/changes")
        let feed = try lastFeed(call)
        for _ in 0..<10 { #expect(feed.isAllowed()) }
        call.clock.advance(by: .seconds(1))
        #expect(try await call("slow", .get, "/v1/kv/x").status == 404)
        call.gatekeeper.update { $0.replace(keys: [], readAt: call.clock.now) }
        #expect(!feed.isAllowed())
    }

    @Test("Of a command whose key is outside, nobody learns whether it has ended")
    func status() async throws {
        let ended = try await call("root", .put, "/v1/kv/secret/1", [("Prefer", "wait=1")], body: "x").json()
        let pending = try await call("root", .put, "/v1/kv/secret/2", body: "x").json()
        let own = try await call("shop", .put, "/v1/kv/shop/1", [("Prefer", "wait=1")], body: "x").json()
        func told(_ name: String, _ command: [String: Any]) async throws -> (text: String, session: String?) {
            let id = try #require(command["command"] as? String)
            let answer = try await call(name, .get, "/v1/commands/" + id)
            return (answer.text.replacing(id, with: "ID"), answer.session)
        }
        let (before, after) = (try await told("shop", pending), try await told("shop", ended))
        #expect(before.text == after.text && before.session == after.session)
        #expect(try await told("root", ended).text.contains("applied"))
        #expect(try await told("shop", own).text.contains("applied"))
        #expect(try await told("reader", own).text.contains("shop/1"))
        #expect(try await told("scraper", own).text == told("scraper", pending).text)
    }

    @Test("The principal stands in each event")
    func principal() async throws {
        _ = try await call("shop", .put, "/v1/kv/shop/1", [("Prefer", "wait=1")], body: "x")
        _ = try await call("root", .delete, "/v1/kv/shop/1", [("Prefer", "wait=1")])
        let events = try #require(
            try await call("shop", .get, "/v1/history/shop/1").json()["events"] as? [[String: Any]])
        #expect(events.map { $0["principal"] as? String } == ["key:shop", "key:root"])
    }

    @Test("No answer shows a key outside, whatever is asked", arguments: 0..<60 as Range<UInt64>)
    func property(seed: UInt64) async throws {
        var random = SplitMix64(seed: seed)
        // Few letters, so that prefixes meet keys; among them what paths and normal forms are made of.
        let alphabet = ["a", "b", "/", ".", "%", "2F", "é", "e\u{301}", "A", " "]
        func text(_ lengths: ClosedRange<Int>) -> String {
            (0..<Int.random(in: lengths, using: &random)).map { _ in alphabet.randomElement(using: &random)! }.joined()
        }
        let grant = Grant(
            verbs: [.read, .audit], prefixes: (0..<Int.random(in: 0...3, using: &random)).map { _ in text(1...3) })
        let call = GuardedCaller(["root": .everything, "some": grant])
        let keys = Set((0..<25).map { _ in text(1...5) }).map { Key(trusted: $0) }
        var values: [Key: String] = [:]
        for (index, key) in keys.enumerated() {
            values[key] = "<\(index)>"
            let path = key.text.utf8.map { "%" + String($0 >> 4, radix: 16) + String($0 & 0xf, radix: 16) }.joined()
            _ = try await call("root", .put, "/v1/kv/" + path, [("Prefer", "wait=1")], body: "<\(index)>")
        }
        let outside = Set(keys.filter { !grant.covers($0) }.compactMap { values[$0] })
        let within = Set(keys.filter { grant.covers($0) }.compactMap { values[$0] })
        var seen: Set<String> = []

        func spelt(_ key: Key) -> String {
            let text = [key.text, "./" + key.text, "a/../" + key.text, "/" + key.text, key.text.uppercased()]
                .randomElement(using: &random)!
            return text.utf8.map { byte in
                let plain = byte < 0x80 && !"% ?#".utf8.contains(byte)
                let code = "%" + String(byte >> 4, radix: 16) + String(byte & 0xf, radix: 16)
                return plain && random.chance(60)
                    ? String(UnicodeScalar(byte)) : random.chance(20) ? code.replacing("%", with: "%25") : code
            }.joined()
        }
        for key in keys.flatMap({ [$0, $0, $0] }) {
            let base = ["/v1/kv/", "http://h/v1/kv/", "/v1/history/"].randomElement(using: &random)!
            let answer = try await call(
                "some", .get, base + spelt(key) + (base.contains("history") ? "?values=true" : ""))
            seen.formUnion(values.values.filter { answer.text.contains($0) })
        }
        let operations = keys.map { ["op": "get", "key": $0.text] }
        let batch = try JSONSerialization.data(withJSONObject: ["operations": operations])
        let read = try await call("some", .post, "/v1/batch", body: String(decoding: batch, as: UTF8.self))
        seen.formUnion(values.values.filter { read.text.contains($0) })
        #expect(seen.isDisjoint(with: outside), "seed \(seed)")
        if !within.isEmpty { #expect(within.isSubset(of: seen), "seed \(seed): what is within is read") }

        var listed: Set<String> = []
        var after = ""
        while true {
            let page = try await call("some", .get, "/v1/kv?values=true&limit=3&after=" + after)
            listed.formUnion(values.values.filter { page.text.contains($0) })
            guard page.status == 200, let next = try page.json()["next"] as? String else { break }
            after = next.utf8.map { "%" + String($0 >> 4, radix: 16) + String($0 & 0xf, radix: 16) }.joined()
        }
        #expect(listed == within, "seed \(seed)")

        _ = try await call("some", .get, "/v1/changes")
        let feed = call.call.gateway.state.withLock { $0.feeds.last?.filter }
        #expect(feed == nil ? grant.prefixes.isEmpty : keys.allSatisfy { feed?.admits($0) == grant.covers($0) })
    }

    // MARK: - How often

    @Test("A principal beyond its rate gets 429 and when to try again; others go on")
    func rates() async throws {
        let call = GuardedCaller(["slow": .everything, "fast": .everything], rates: ["slow": 2])
        for _ in 0..<2 { #expect(try await call("slow", .get, "/v1/kv/x").status == 404) }
        let refused = try await call("slow", .put, "/v1/kv/x", body: "x")
        #expect(refused.status == 429 && refused.problem == "rate-limited" && refused["Retry-After"] == "1")
        #expect(call.call.gateway.state.withLock { $0.writes.isEmpty })
        for _ in 0..<50 { #expect(try await call("fast", .get, "/v1/kv/x").status == 404) }
        #expect(try await call("slow", .get, "/livez").status == 200)
        call.clock.advance(by: .milliseconds(500))
        #expect(try await call("slow", .get, "/v1/kv/x").status == 404)
        #expect(try await call("slow", .get, "/v1/kv/x").status == 429)
    }

    @Test("A batch costs as many requests as it has operations")
    func batchRate() async throws {
        let call = GuardedCaller(["slow": .everything], rate: 10)
        let operations = Array(repeating: #"{"op":"get","key":"x"}"#, count: 41).joined(separator: ",")
        let batch = #"{"operations":["# + operations + "]}"
        #expect(try await call("slow", .post, "/v1/batch", body: batch).status == 200)
        let refused = try await call("slow", .get, "/v1/kv/x")
        #expect(refused.status == 429 && refused["Retry-After"] == "4")
        call.clock.advance(by: .seconds(4))
        #expect(try await call("slow", .get, "/v1/kv/x").status == 404)
    }
}
