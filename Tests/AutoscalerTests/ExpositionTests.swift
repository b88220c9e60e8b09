import Testing

@testable import Autoscaler

@Suite("Reading a scrape")
struct ExpositionTests {
    @Test("Comments, labels, escapes, timestamps and numbers of every form are read")
    func reads() throws {
        let text = #"""
            # HELP requests_total Requests.
            # TYPE requests_total counter
            requests_total{route="/v1/kv/{key}",status="200"} 12
            requests_total{route="a\\b\"c\nd",} 1.5e3 1700000000

            up 0
            odd:name -Inf
            other +Inf
            gap NaN

            """#
        let exposition = try Exposition(parsing: text.utf8)
        #expect(
            exposition["requests_total"] == [
                ["route": "/v1/kv/{key}", "status": "200"]: 12, ["route": "a\\b\"c\nd"]: 1_500,
            ])
        #expect(exposition["up"] == [[:]: 0])
        #expect(exposition["odd:name"] == [[:]: -.infinity])
        #expect(exposition.gauge("requests_total") == 1_512)
        #expect(exposition.gauge("gap") == nil)
        #expect(exposition.gauge("other") == nil)
        #expect(exposition.gauge("none") == nil)
    }

    @Test("Nothing is a scrape without metrics")
    func empty() throws {
        #expect(try Exposition(parsing: "".utf8)["up"] == nil)
    }

    @Test(
        "What is malformed is refused, with its line",
        arguments: [
            ("up\n", 1), ("up 1\nup 2\n", 2), ("1up 1\n", 1), ("up{a=\"b} 1\n", 1), ("up{a=b} 1\n", 1),
            ("up{a=\"b\" 1\n", 1),
            ("up{a=\"\\t\"} 1\n", 1), ("up one\n", 1), ("up 1 2 3\n", 1), ("up 1 x\n", 1), ("up 0x10p1000000\n", 1),
            ("up{a=\"1\",a=\"2\"} 1\n", 1), ("<html>\n", 1), ("up 1\nha", 0), ("up{a=\"b\"}1\n", 1),
        ])
    func malformed(text: String, line: Int) {
        #expect(throws: Exposition.Malformed(line: line)) { try Exposition(parsing: text.utf8) }
    }
}
