import Metrics
import Testing

@testable import Prometheus

@Suite("A histogram")
struct HistogramTests {
    private let registry = PrometheusRegistry(processMetrics: false)

    @Test(
        "Bounds are inclusive",
        arguments: [
            (0, 0), (-1, 0), (0.001, 0), (0.001.nextUp, 1), (0.01, 1), (0.01.nextUp, 2), (1, 2), (1.0.nextUp, 3),
            (99, 3),
        ] as [(Double, Int)])
    func edges(value: Double, bucket: Int) {
        #expect(Buckets([0.001, 0.01, 1]).index(of: value) == bucket)
    }

    @Test("Buckets are cumulative, and the last one is the count")
    func cumulative() {
        registry.describe("tidemark_wait_seconds", help: "How long.", buckets: [0.25, 0.5, 1])
        let timer = registry.makeTimer(label: "tidemark_wait_seconds", dimensions: [("op", "put")])
        for nanoseconds: Int64 in [250_000_000, 375_000_000, 750_000_000, 3_000_000_000] {
            timer.recordNanoseconds(nanoseconds)
        }
        #expect(
            registry.text == """
                # HELP tidemark_wait_seconds How long.
                # TYPE tidemark_wait_seconds histogram
                tidemark_wait_seconds_bucket{op="put",le="0.25"} 1
                tidemark_wait_seconds_bucket{op="put",le="0.5"} 2
                tidemark_wait_seconds_bucket{op="put",le="1"} 3
                tidemark_wait_seconds_bucket{op="put",le="+Inf"} 4
                tidemark_wait_seconds_sum{op="put"} 4.375
                tidemark_wait_seconds_count{op="put"} 4

                """)
    }

    @Test("The default buckets go from a quarter of a millisecond to ten seconds")
    func defaults() {
        registry.makeTimer(label: "a_seconds", dimensions: []).recordNanoseconds(250_000)
        let samples = registry.samples
        #expect(samples[#"a_seconds_bucket{le="0.00025"}"#] == "1")
        #expect(samples[#"a_seconds_bucket{le="10"}"#] == "1")
        #expect(samples.count == Buckets.latency.upperBounds.count + 3)
    }

    @Test("What would spoil the sum is dropped, and a negative duration counts as zero")
    func unusual() {
        let recorder = registry.makeRecorder(label: "sizes", dimensions: [], aggregate: true)
        for value in [.nan, .infinity, -.infinity, 2.0] { recorder.record(value) }
        registry.makeTimer(label: "a_seconds", dimensions: []).recordNanoseconds(-5)
        let samples = registry.samples
        #expect(samples["sizes_count"] == "1")
        #expect(samples["sizes_sum"] == "2")
        #expect(samples["a_seconds_count"] == "1")
        #expect(samples["a_seconds_sum"] == "0")
    }

    @Test("A label that the format uses itself is renamed")
    func reservedLabel() {
        _ = registry.makeTimer(label: "a_seconds", dimensions: [("le", "mine")])
        #expect(registry.samples[#"a_seconds_count{le_="mine"}"#] == "0")
    }

    @Test("Buckets that don't ascend trap")
    func badBuckets() async {
        await #expect(processExitsWith: .failure) { _ = Buckets([1, 1]) }
        await #expect(processExitsWith: .failure) { _ = Buckets([]) }
        await #expect(processExitsWith: .failure) { _ = Buckets([1, .infinity]) }
    }
}
