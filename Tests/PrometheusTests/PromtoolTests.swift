import Foundation
import Metrics
import Prometheus
import Testing

/// Asks Prometheus' own parser and linter.
@Suite("promtool", .enabled(if: Promtool.executable != nil, "promtool is not in PATH: install Debian's prometheus"))
struct PromtoolTests {
    @Test("Finds nothing wrong with an exposition of every kind, with awkward labels")
    func accepted() async throws {
        let registry = PrometheusRegistry(build: ["version": "1.0", "revision": "abc"])
        registry.describe("tidemark_http_requests_total", help: "Requests, by \"route\"\nand \\ outcome.")
        registry.describe("tidemark_http_request_duration_seconds", help: "From first byte to last.")
        registry.describe("tidemark_projection_lag_seconds", help: "How far behind.")
        registry.describe("tidemark_batch_size_bytes", help: "Of a batch.", buckets: [256, 4096, 65536])
        for route in ["/v1/kv/{key}", "a\"b\\c\nd\r\n", "größe ✓", ""] {
            let dimensions = [("route", route), ("odd-name", "x"), ("__name__", "y")]
            Counter(label: "tidemark_http_requests_total", dimensions: dimensions, factory: registry).increment()
            Metrics.Timer(label: "tidemark_http_request_duration_seconds", dimensions: dimensions, factory: registry)
                .recordMilliseconds(3)
        }
        for (partition, lag) in [Double.nan, .infinity, -.infinity, 1e-9, 1e300].enumerated() {
            Meter(
                label: "tidemark_projection_lag_seconds", dimensions: [("partition", "\(partition)")], factory: registry
            ).set(lag)
        }
        Recorder(label: "tidemark_batch_size_bytes", dimensions: [], aggregate: true, factory: registry).record(4096)

        let verdict = try await Promtool.check(Data(registry.exposition()))
        #expect(verdict.status == 0, "\(verdict.report)")
        #expect(verdict.report == "")
    }

    @Test("Would have noticed: a broken line is refused")
    func refused() async throws {
        let verdict = try await Promtool.check(Data("a_total{x=\"1} 2\n".utf8))
        #expect(verdict.status != 0)
    }
}
