import Commands
import HTTPTypes
import Testing

@testable import Gateway

@Suite("Request headers")
struct HeaderTests {
    private func headers(_ fields: KeyValuePairs<String, String>) throws -> RequestHeaders {
        var all: HTTPFields = [:]
        for (name, value) in fields { all.append(HTTPField(name: HTTPField.Name(name)!, value: value)) }
        return try RequestHeaders(all)
    }

    @Test(
        "Entity tags are read as RFC 9110 has them",
        arguments: [
            ("*", .any), (" * ", .any),
            ("\"3\"", .tags([EntityTag(isWeak: false, opaque: "3")])),
            ("W/\"3\"", .tags([EntityTag(isWeak: true, opaque: "3")])),
            ("\"\"", .tags([EntityTag(isWeak: false, opaque: "")])),
            ("\"a,b\"", .tags([EntityTag(isWeak: false, opaque: "a,b")])),
            (
                "\"1\", W/\"2\" ,\"3\"",
                .tags([
                    .init(isWeak: false, opaque: "1"), .init(isWeak: true, opaque: "2"),
                    .init(isWeak: false, opaque: "3"),
                ])
            ),
            (", ,\"1\",,", .tags([EntityTag(isWeak: false, opaque: "1")])),
        ] as [(String, EntityTagCondition)])
    func entityTags(text: String, expected: EntityTagCondition) throws {
        #expect(try EntityTagCondition(text) == expected)
    }

    @Test(
        "What is no list of entity tags is refused",
        arguments: [
            "", "  ", ",", "3", "\"3", "3\"", "w/\"3\"", "W/3", "*, \"3\"", "\"3\", *", "\"1\" \"2\"", "\"a b\"", "'3'",
        ])
    func badEntityTags(text: String) {
        #expect(throws: EntityTagCondition.Invalid.self) { try EntityTagCondition(text) }
    }

    @Test(
        "If-Match compares strongly, If-None-Match weakly",
        arguments: [
            ("\"3\"", 3, true, true), ("W/\"3\"", 3, false, true), ("\"03\"", 3, false, false),
            ("\"4\"", 3, false, false),
            ("\"1\", \"3\"", 3, true, true), ("*", 3, true, true), ("*", nil, false, false),
            ("\"3\"", nil, false, false),
            ("\"x\"", 3, false, false), ("\"+3\"", 3, false, false),
        ] as [(String, UInt64?, Bool, Bool)])
    func comparison(text: String, version: UInt64?, strong: Bool, weak: Bool) throws {
        let condition = try EntityTagCondition(text)
        #expect(condition.matchesStrongly(version) == strong)
        #expect(condition.matchesWeakly(version) == weak)
    }

    @Test(
        "Preconditions of writes",
        arguments: [
            (nil, nil, Precondition.none), ("*", nil, .exists), ("\"3\", \"9\"", nil, .versions([3, 9])),
            (nil, "*", .absent),
            ("W/\"3\", \"x\"", nil, .versions([])), ("", nil, nil), (nil, "\"3\"", nil), ("\"3\"", "*", nil),
            ("*", "*", nil),
        ] as [(String?, String?, Precondition?)])
    func preconditions(ifMatch: String?, ifNoneMatch: String?, expected: Precondition?) {
        var fields: HTTPFields = [:]
        if let ifMatch { fields[.ifMatch] = ifMatch }
        if let ifNoneMatch { fields[.ifNoneMatch] = ifNoneMatch }
        guard let expected else {
            #expect(throws: Problem.self) { try RequestHeaders(fields).precondition() }
            return
        }
        #expect((try? RequestHeaders(fields).precondition()) == expected)
    }

    @Test("Several If-Match fields are one list")
    func severalFields() throws {
        #expect(try headers(["If-Match": "\"1\"", "if-match": "\"2\""]).precondition() == .versions([1, 2]))
    }

    @Test(
        "Preferences are honoured or ignored",
        arguments: [
            ([], nil, false), (["wait=5"], 5, false), (["wait=0"], 0, false), (["wait=60"], 60, false),
            (["wait=61"], 60, false),
            (["wait=99999999999999999999"], 60, false), (["WAIT = \"7\""], 7, false), (["respond-async"], nil, true),
            (["respond-async, wait=10"], 10, true), (["foo; wait=3, wait=4"], 4, false),
            (["wait=4; bar=\"a,wait=9\", wait=8"], 4, false),
            (["return=minimal", "wait=2"], 2, false), (["wait"], nil, false), (["wait=x"], nil, false),
            (["wait=-1"], nil, false),
            (["wait=1.5"], nil, false), (["a=\"\\\", wait=3\", wait=6"], 6, false), (["\"wait=3"], nil, false),
            ([",,;,="], nil, false),
        ] as [([String], Int?, Bool)])
    func preferences(fields: [String], wait: Int?, respondAsync: Bool) {
        var preferences = Preferences()
        for field in fields { preferences.add(field) }
        #expect(preferences.wait == wait)
        #expect(preferences.respondAsync == respondAsync)
    }

    @Test(
        "Times to live",
        arguments: [
            ("1", 1), ("3600", 3_600), ("315360000", 315_360_000), ("0", nil), ("315360001", nil), ("-1", nil),
            ("+5", nil),
            ("1.5", nil), ("", nil), ("1h", nil), ("99999999999999999999", nil),
        ] as [(String, Int?)])
    func timeToLive(text: String, seconds: Int?) throws {
        if let seconds {
            #expect(try headers(["Tidemark-TTL": text]).timeToLive == .seconds(seconds))
        } else {
            let problem = #expect(throws: Problem.self) { try headers(["Tidemark-TTL": text]) }
            #expect(problem?.extras == [.header("Tidemark-TTL")])
        }
    }

    @Test(
        "Idempotency keys, plain and quoted",
        arguments: [
            ("abc", "abc"), ("\"abc\"", "abc"), ("\"a\\\"b\\\\\"", "a\"b\\"),
            (String(repeating: "k", count: 255), String(repeating: "k", count: 255)),
            ("8e03978e-40d5-43dd-bc93-6894a57f9324", "8e03978e-40d5-43dd-bc93-6894a57f9324"), ("", nil), ("\"\"", nil),
            ("\"abc", nil),
            ("\"abc\"x", nil), ("\"a\\b\"", nil), (String(repeating: "k", count: 256), nil),
        ] as [(String, String?)])
    func idempotencyKeys(text: String, key: String?) {
        #expect((try? IdempotencyKey.parse(text)) == key)
    }

    @Test(
        "A bad header is named",
        arguments: [
            ("Tidemark-Consistency", "strict"), ("If-Match", "3"), ("If-None-Match", "3"), ("Idempotency-Key", "\"x"),
            ("Tidemark-TTL", "soon"), ("Content-Type", String(repeating: "x", count: 256)),
        ])
    func named(name: String, value: String) {
        let problem = #expect(throws: Problem.self) { try headers([name: value]) }
        #expect(problem?.type == .invalidHeader)
        #expect(problem?.extras == [.header(name)])
        #expect(problem?.detail.hasPrefix(name + ": ") == true)
    }

    @Test(
        "Headers that can't be a list are refused twice over",
        arguments: [
            ("Tidemark-TTL", "5"), ("Tidemark-Session", "x"), ("Tidemark-Consistency", "eventual"),
            ("Idempotency-Key", "x"),
            ("Content-Type", "text/plain"),
        ])
    func twice(name: String, value: String) {
        #expect(throws: Problem.self) { try headers([name: value, name: value]) }
    }
}
