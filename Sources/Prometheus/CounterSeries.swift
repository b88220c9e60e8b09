import Metrics

/// A number that only grows, until the process ends or `reset`.
///
/// Increments that are negative, NaN or infinite are dropped, as swift-metrics itself does: a counter that falls looks
/// like a restart to Prometheus. Whole and fractional increments are kept apart, so that whole ones stay exact above
/// 2^53. Any thread; under ten nanoseconds, alone or with other cores.
final class CounterSeries: RegisteredSeries, CounterHandler, FloatingPointCounterHandler {
    static let kind = Family.Kind.counter

    private static let whole = 0
    private static let fractional = 1

    let identity: SeriesIdentity
    private let stripes = Stripes(words: 2)

    init(identity: SeriesIdentity, buckets: Buckets) { self.identity = identity }

    func increment(by amount: Int64) {
        if amount > 0 { stripes.add(UInt64(amount), at: Self.whole) }
    }

    func increment(by amount: Double) {
        if amount > 0 && amount.isFinite { stripes.add(amount, at: Self.fractional) }
    }

    /// An increment at the same moment may be kept or lost.
    func reset() { stripes.clear() }

    func write(to text: inout ExpositionText, name: String, labels: Labels) {
        let whole = stripes.total(at: Self.whole)
        let fractional = stripes.floatingTotal(at: Self.fractional)
        let value = fractional == 0 ? String(whole) : ExpositionText.number(Double(whole) + fractional)
        text.sample(name: name, labels: labels, value: value)
    }
}
