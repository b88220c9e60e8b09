import Commands
import SplitMix
import Testing

@testable import Gateway

@Suite("Request targets")
struct TargetTests {
    @Test(
        "Paths find their routes",
        arguments: [
            ("/v1/kv/a/b", .value, "a/b", nil), ("/v1/kv/", .value, "", nil), ("/v1/kv/a?at=x", .value, "a", "at=x"),
            ("/v1/kv//a//", .value, "/a//", nil), ("/v1/kv/?", .value, "", ""), ("/v1/kv", .list, "", nil),
            ("/v1/kv?prefix=a/b", .list, "", "prefix=a/b"), ("/v1/batch", .batch, "", nil),
            ("/v1/history/k", .history, "k", nil),
            ("/v1/commands/x", .command, "x", nil), ("/livez", .live, "", nil),
            ("/readyz?verbose", .ready, "", "verbose"),
            ("/metrics", .metrics, "", nil), ("/v1/changes?prefix=a", .changes, "", "prefix=a"),
            ("/openapi.json", .openAPI, "", nil), ("/problems", .problems, "", nil),
            ("/problems/not-found", .problem, "not-found", nil), ("/", .landing, "", nil),
            ("/v1/kvx", nil, "", nil),
            ("/v2/kv/a", nil, "", nil),
            ("http://host:1/v1/kv/a?version=1", .value, "a", "version=1"), ("http://host", .landing, "", nil),
            ("*", nil, "", nil),
            ("/V1/KV/a", nil, "", nil), ("/v1/kv/../a", .value, "../a", nil),
        ] as [(String, Route?, String, String?)])
    func routes(target: String, route: Route?, rest: String, query: String?) {
        let parsed = RequestTarget(target)
        #expect(parsed.route == route)
        #expect(parsed.rest == rest)
        #expect(parsed.query.map(String.init) == query)
    }

    @Test(
        "Keys are what the path says, percent-decoded",
        arguments: [
            ("a", "a"), ("a/b", "a/b"), ("a%2Fb", "a/b"), ("a%2fb", "a/b"), ("a+b", "a+b"), ("a%20b", "a b"),
            ("%25", "%"),
            ("caf%C3%A9", "café"), ("é", "é"), ("%7Buser%7D", "{user}"), ("%F0%9F%8C%8A", "🌊"),
            ("%EF%BF%BD", "\u{fffd}"),
            ("", nil), ("%", nil), ("%4", nil), ("%zz", nil), ("%00", nil), ("%C3", nil), ("%FF", nil),
            ("%ED%A0%80", nil), ("\u{fffd}", nil),
            (String(repeating: "x", count: 1_024), String(repeating: "x", count: 1_024)),
            (String(repeating: "x", count: 1_025), nil),
            (String(repeating: "%C3%A9", count: 513), nil),
        ] as [(String, String?)])
    func keys(path: String, key: String?) {
        if let key {
            #expect((try? Key(path: path[...]))?.text == key)
        } else {
            let problem = #expect(throws: Problem.self) { try Key(path: path[...]) }
            #expect(problem?.type == .invalidKey)
        }
    }

    @Test("Any bytes of a key survive the path", arguments: 0..<50 as Range<UInt64>)
    func roundTrip(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let scalars = (0..<40).compactMap { _ in UnicodeScalar(UInt32.random(in: 1...0x2fff, using: &random)) }
        let text = String(String.UnicodeScalarView(scalars))
        let path = text.utf8.map { "%" + String($0 >> 4, radix: 16) + String($0 & 0xf, radix: 16) }.joined()
        #expect(try Key(path: path[...]) == Key(trusted: text), "seed \(seed)")
    }

    @Test(
        "Query parameters are strict",
        arguments: [
            ("limit=5", true), ("limit=5&prefix=a%20b", true), ("", true), ("prefix=", true),
            ("limit=5&limit=6", false), ("limt=5", false),
            ("Limit=5", false), ("prefix=%zz", false), ("prefix=%FF", false), ("%6Cimit=5", true), ("=x", false),
        ])
    func query(text: String, isValid: Bool) {
        let parsed = try? QueryParameters(text[...], allowed: ["limit", "prefix"])
        #expect((parsed != nil) == isValid)
    }

    @Test(
        "Query values",
        arguments: [
            ("prefix=a+b", "a b"), ("prefix=a%2Bb", "a+b"), ("prefix=a=b", "a=b"), ("prefix", ""), ("limit=1", nil),
        ] as [(String, String?)])
    func values(text: String, prefix: String?) throws {
        #expect(try QueryParameters(text[...], allowed: ["limit", "prefix"])["prefix"] == prefix)
    }

    @Test("Numbers, flags and times are checked")
    func typed() throws {
        func query(_ text: String) throws -> QueryParameters { try QueryParameters(text[...], allowed: ["x"]) }
        #expect(try query("x=7").integer("x", in: 1...9) == 7)
        for bad in ["0", "10", "", "-1", "+5", "5.0", "x", "99999999999999999999"] {
            #expect(throws: Problem.self, "\(bad)") { try query("x=" + bad).integer("x", in: 1...9) }
        }
        #expect(try query("x=18").version("x") == 18)
        #expect(throws: Problem.self) { try query("x=9223372036854775808").version("x") }
        #expect(try query("x").flag("x"))
        #expect(try query("x=false").flag("x") == false)
        #expect(throws: Problem.self) { try query("x=maybe").flag("x") }
        let time = Timestamp(microseconds: 1_795_519_016_000_000)
        for text in [
            "2026-11-24T11:16:56Z", "2026-11-24T12:16:56+01:00", "2026-11-24T12:16:56%2B01:00",
            "2026-11-24T11:16:56.000Z",
        ] {
            #expect(try query("x=" + text).time("x") == time, "\(text)")
        }
        for bad in ["", "yesterday", "2026-11-24", "1795519016"] {
            #expect(throws: Problem.self, "\(bad)") { try query("x=" + bad).time("x") }
        }
    }
}
