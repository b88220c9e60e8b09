import Metrics
import Testing

@testable import Prometheus

@Suite("The registry")
struct RegistryTests {
    private let registry = PrometheusRegistry(processMetrics: false)

    @Test("Increments from many threads add up, in every kind of series")
    func concurrentUpdates() async {
        let tasks = 8
        let rounds = 20_000
        let counter = Counter(label: "whole_total", dimensions: [], factory: registry)
        let fractional = FloatingPointCounter(label: "fractional_total", dimensions: [], factory: registry)
        let meter = Meter(label: "level", dimensions: [], factory: registry)
        let timer = Metrics.Timer(label: "wait_seconds", dimensions: [], factory: registry)
        await withTaskGroup { group in
            for _ in 0..<tasks {
                group.addTask {
                    for _ in 0..<rounds {
                        counter.increment()
                        fractional.increment(by: 0.5)
                        meter.increment(by: 2)
                        meter.decrement(by: 1)
                        timer.recordNanoseconds(500_000_000)
                    }
                }
            }
        }
        let samples = registry.samples
        let total = tasks * rounds
        #expect(samples["whole_total"] == "\(total)")
        #expect(samples["fractional_total"] == "\(total / 2)")
        #expect(samples["level"] == "\(total)")
        #expect(samples["wait_seconds_count"] == "\(total)")
        #expect(samples["wait_seconds_sum"] == "\(total / 2)")
    }

    @Test("The same name and labels, in any order, give the same handler")
    func reuse() {
        let first = registry.makeCounter(label: "a_total", dimensions: [("x", "1"), ("y", "2")])
        let second = registry.makeCounter(label: "a_total", dimensions: [("y", "2"), ("x", "1")])
        let other = registry.makeCounter(label: "a_total", dimensions: [("x", "1"), ("y", "3")])
        let floating = registry.makeFloatingPointCounter(label: "a_total", dimensions: [("x", "1"), ("y", "2")])
        #expect(first === second)
        #expect(first !== other)
        #expect(first === floating)
    }

    @Test("Destroying removes a series; a handler destroyed twice leaves its successor alone")
    func destroy() {
        let first = registry.makeCounter(label: "a_total", dimensions: [("x", "1")])
        first.increment(by: 7)
        registry.destroyCounter(first)
        #expect(registry.text == "")

        registry.makeCounter(label: "a_total", dimensions: [("x", "1")]).increment(by: 1)
        registry.destroyCounter(first)
        #expect(registry.samples == [#"a_total{x="1"}"#: "1"])
    }

    @Test("A name that has one kind can't get another")
    func conflict() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            let registry = PrometheusRegistry(processMetrics: false)
            _ = registry.makeCounter(label: "tidemark_things", dimensions: [])
            _ = registry.makeTimer(label: "tidemark_things", dimensions: [("other", "labels")])
        }
        let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        #expect(message.contains("metric tidemark_things is a counter and can't be a histogram too"))
    }

    @Test("Buckets can't change once a histogram uses them, the help text can")
    func redescribed() async {
        registry.describe("a_seconds", help: "One.", buckets: [1, 2])
        _ = registry.makeTimer(label: "a_seconds", dimensions: [])
        registry.describe("a_seconds", help: "Two.", buckets: [1, 2])
        #expect(registry.text.hasPrefix("# HELP a_seconds Two.\n"))
        await #expect(processExitsWith: .failure) {
            let registry = PrometheusRegistry(processMetrics: false)
            _ = registry.makeTimer(label: "a_seconds", dimensions: [])
            registry.describe("a_seconds", help: "Late.", buckets: [1, 2])
        }
    }

    @Test("Counters never fall: other increments are dropped, and only a reset goes back")
    func monotonic() {
        let counter = registry.makeCounter(label: "a_total", dimensions: [])
        let floating = registry.makeFloatingPointCounter(label: "a_total", dimensions: [])
        counter.increment(by: 3)
        counter.increment(by: -2)
        for amount in [-1.5, .nan, .infinity, 0] { floating.increment(by: amount) }
        #expect(registry.samples["a_total"] == "3")
        floating.increment(by: 0.25)
        #expect(registry.samples["a_total"] == "3.25")
        counter.reset()
        #expect(registry.samples["a_total"] == "0")
    }

    @Test("Whole counters stay exact where a Double would not")
    func exact() {
        registry.makeCounter(label: "a_total", dimensions: []).increment(by: (1 << 53) + 1)
        #expect(registry.samples["a_total"] == "9007199254740993")
    }

    @Test("A meter, a gauge and a non-aggregating recorder of one name are one gauge")
    func gauges() {
        Meter(label: "level", dimensions: [], factory: registry).set(4)
        Gauge(label: "level", dimensions: [], factory: registry).record(2.5)
        #expect(registry.text == "# TYPE level gauge\nlevel 2.5\n")
    }

    @Test("Callbacks run at each scrape, before the values are read")
    func collecting() {
        let scrapes = Meter(label: "scrapes", dimensions: [], factory: registry)
        registry.onCollect { scrapes.increment(by: 1) }
        #expect(registry.samples["scrapes"] == "1")
        #expect(registry.samples["scrapes"] == "2")
    }

    @Test("The build's facts are labels of a gauge that is always 1")
    func build() {
        let registry = PrometheusRegistry(build: ["version": "1.2.3", "revision": "abc"], processMetrics: false)
        #expect(registry.samples == [#"tidemark_build_info{revision="abc",version="1.2.3"}"#: "1"])
    }

    #if os(Linux)
        @Test("The process reports CPU time, memory, descriptors and its start")
        func process() throws {
            let samples = PrometheusRegistry().samples
            func value(_ name: String) throws -> Double { try #require(samples[name].flatMap { Double($0) }) }
            #expect(try value("process_cpu_seconds_total") >= 0)
            #expect(try value("process_resident_memory_bytes") > 1_000_000)
            #expect(try value("process_open_fds") >= 3)
            #expect(try value("process_start_time_seconds") > 1_700_000_000)
        }
    #endif
}
