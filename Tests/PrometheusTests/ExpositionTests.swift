import Metrics
import Testing

@testable import Prometheus

@Suite("The text format")
struct ExpositionTests {
    private let registry = PrometheusRegistry(processMetrics: false)

    @Test(
        "Numbers are as Prometheus reads them",
        arguments: [
            (0, "0"), (-0.0, "0"), (1, "1"), (-3, "-3"), (2.5, "2.5"), (0.00025, "0.00025"), (1e-9, "1e-09"),
            (1e15, "1000000000000000"), (1e300, "1e+300"), (.nan, "NaN"), (.infinity, "+Inf"), (-.infinity, "-Inf"),
        ] as [(Double, String)])
    func numbers(value: Double, text: String) {
        #expect(ExpositionText.number(value) == text)
        registry.makeMeter(label: "level", dimensions: []).set(value)
        #expect(registry.samples == ["level": text])
    }

    @Test(
        "Label values are escaped",
        arguments: [
            ("plain", "plain"), (#"a"b"#, #"a\"b"#), (#"a\b"#, #"a\\b"#), ("a\nb", #"a\nb"#), ("a\r\nb", "a\r\\nb"),
            ("größe ✓", "größe ✓"), ("", ""), (#"\n"#, #"\\n"#), ("}", "}"),
        ])
    func labelValues(value: String, escaped: String) {
        #expect(Labels([("x", value)]).text == "x=\"\(escaped)\"")
    }

    @Test("Help texts escape backslashes and newlines, not quotes")
    func help() {
        registry.describe("a_total", help: "One \"\\\" a\nline.")
        _ = registry.makeCounter(label: "a_total", dimensions: [])
        #expect(registry.text == "# HELP a_total One \"\\\\\" a\\nline.\n# TYPE a_total counter\na_total 0\n")
    }

    @Test(
        "Invalid names are made valid",
        arguments: [
            ("tidemark_http_requests_total", "tidemark_http_requests_total"), ("a:b", "a:b"), ("a.b-c d", "a_b_c_d"),
            ("9lives", "_9lives"), ("größe", "gr__e"), ("", "_"),
        ])
    func metricNames(name: String, valid: String) {
        #expect(Grammar.metricName(name) == valid)
    }

    @Test(
        "Invalid label names are made valid, and Prometheus' own are left to it",
        arguments: [
            ("route", "route"), ("a:b", "a_b"), ("__name__", "_name__"), ("_x", "_x"), ("2xx", "_2xx"), ("", "_"),
            ("___", "_"),
        ])
    func labelNames(name: String, valid: String) {
        #expect(Grammar.labelName(name) == valid)
    }

    @Test("Of two labels of one name the last holds")
    func repeatedLabel() {
        #expect(Labels([("b", "1"), ("a.x", "2"), ("a-x", "3")]).text == #"a_x="3",b="1""#)
    }

    @Test("Families and series are sorted, and families without series are left out")
    func order() {
        registry.describe("unused_total", help: "Never made.")
        for (name, code) in [("b_total", "500"), ("a_total", "1"), ("b_total", "200")] {
            registry.makeCounter(label: name, dimensions: [("code", code)]).increment(by: 1)
        }
        let expected = """
            # TYPE a_total counter
            a_total{code="1"} 1
            # TYPE b_total counter
            b_total{code="200"} 1
            b_total{code="500"} 1

            """
        #expect(registry.text == expected)
        #expect(registry.text == expected)
    }
}
