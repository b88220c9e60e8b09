import Metrics
import Synchronization

/// Every metric of this process, and the text that Prometheus scrapes.
///
/// A backend for swift-metrics: code makes `Counter`, `Meter`, `Recorder` and `Timer` values as usual, once, and keeps
/// them. Updates touch only atomics. Making a metric takes one lock for a dictionary look-up (a microsecond or so): fine
/// at start, wasteful per request. Any thread.
///
/// A name has one kind. Making a counter and a histogram of the same name is a bug that would make Prometheus refuse the
/// whole scrape, so it traps.
package final class PrometheusRegistry: Sendable {
    /// What `exposition()` returns, for the `Content-Type` field.
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    private struct State {
        var families: [String: Family] = [:]
        var callbacks: [@Sendable () -> Void] = []
    }

    private let state = Mutex(State())
    private let process: ProcessReadings?

    /// - Parameters:
    ///   - build: the labels of `tidemark_build_info`, such as version and revision; empty leaves that metric out.
    ///   - processMetrics: whether to report `process_…`, where the system has a `/proc`.
    package init(build: KeyValuePairs<String, String> = [:], processMetrics: Bool = true) {
        process = processMetrics ? ProcessReadings() : nil
        if !build.isEmpty {
            describe("tidemark_build_info", help: "Always 1; the labels tell what was built.")
            makeMeter(label: "tidemark_build_info", dimensions: build.map { ($0.key, $0.value) }).set(Int64(1))
        }
    }

    /// Sets the help text of a metric and, for a histogram, its buckets: upper bounds, ascending, in the metric's unit;
    /// without them `Buckets.latency` holds.
    ///
    /// Call it before the first histogram of that name is made: its buckets can't change afterwards (that traps).
    package func describe(_ name: String, help: String, buckets: [Double]? = nil) {
        let name = Grammar.metricName(name)
        let buckets = buckets.map(Buckets.init)
        state.withLock { state in
            var family = state.families[name] ?? Family()
            family.help = help
            if let buckets, buckets != family.buckets {
                guard family.series.isEmpty else {
                    fatalError("describe \(name) before its first histogram is made: its buckets can't change any more")
                }
                family.buckets = buckets
            }
            state.families[name] = family
        }
    }

    /// Runs `body` at each scrape, before the values are read; for gauges that are cheaper to ask for than to maintain.
    ///
    /// It runs on the scrape's thread, perhaps in several scrapes at once: it must not block.
    package func onCollect(_ body: @escaping @Sendable () -> Void) {
        state.withLock { $0.callbacks.append(body) }
    }

    /// The families by name, after the callbacks ran. Updates that happen meanwhile may or may not be included.
    func collect() -> [(name: String, family: Family)] {
        for callback in state.withLock({ $0.callbacks }) { callback() }
        var families = state.withLock { $0.families }
        for reading in process?.current() ?? [] {
            families[reading.name] = Family(
                kind: reading.kind, help: reading.help, series: [Labels(): SettledSeries(value: reading.value)])
        }
        return families.filter { !$0.value.series.isEmpty }
            .sorted { $0.key < $1.key }
            .map { (name: $0.key, family: $0.value) }
    }

    /// The series of that name and those labels, made if it is new. Traps when the name has another kind.
    func series<S: RegisteredSeries>(_ type: S.Type, label: String, dimensions: [(String, String)]) -> S {
        let identity = SeriesIdentity(
            name: Grammar.metricName(label), labels: Labels(dimensions, reserved: S.reservedLabels))
        return state.withLock { state in
            var family = state.families[identity.name] ?? Family()
            if let kind = family.kind, kind != S.kind {
                fatalError("metric \(identity.name) is a \(kind) and can't be a \(S.kind) too: give one another name")
            }
            // One kind, one class: the cast can't fail.
            if let known = family.series[identity.labels] { return known as! S }
            let made = S(identity: identity, buckets: family.buckets)
            family.kind = S.kind
            family.series[identity.labels] = made
            state.families[identity.name] = family
            return made
        }
    }

    /// Forgets a series. What still writes to it is no longer seen; making it again starts from zero.
    func remove(_ handler: AnyObject) {
        guard let series = handler as? any RegisteredSeries else { return }
        let identity = series.identity
        state.withLock { state in
            // A handler that was destroyed before must not take its successor with it.
            guard state.families[identity.name]?.series[identity.labels] as AnyObject? === handler else { return }
            state.families[identity.name]?.series[identity.labels] = nil
        }
    }
}
