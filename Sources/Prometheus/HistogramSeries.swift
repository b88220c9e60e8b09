import Metrics

/// How often which values were seen, in buckets, and their sum.
///
/// An observation is a short scan of the bounds and two atomic additions on the core's own stripe: no lock, about ten
/// nanoseconds. `_count` is the sum of the buckets read in the same scrape and always agrees with them; `_sum` may be an
/// observation ahead or behind. NaN and infinite values are dropped, because one of them would spoil `_sum` for good.
/// Any thread.
final class HistogramSeries: RegisteredSeries, RecorderHandler, TimerHandler {
    static let kind = Family.Kind.histogram
    static let reservedLabels: Set<String> = ["le"]

    let identity: SeriesIdentity
    private let buckets: Buckets
    /// One word a bucket (the last for what is above every bound), then the sum.
    private let stripes: Stripes
    private let sum: Int

    init(identity: SeriesIdentity, buckets: Buckets) {
        self.identity = identity
        self.buckets = buckets
        sum = buckets.upperBounds.count + 1
        stripes = Stripes(words: sum + 1)
    }

    func record(_ value: Double) {
        if value.isFinite { stripes.add(1, at: buckets.index(of: value), and: value, at: sum) }
    }

    func record(_ value: Int64) { record(Double(value)) }

    /// Negative durations, which clocks of two machines can produce, count as zero: `_sum` must not fall.
    func recordNanoseconds(_ duration: Int64) { record(Double(max(0, duration)) / 1e9) }

    func write(to text: inout ExpositionText, name: String, labels: Labels) {
        var count: UInt64 = 0
        for (index, le) in buckets.labels.enumerated() {
            count &+= stripes.total(at: index)
            text.sample(name: name, suffix: "_bucket", labels: labels, le: le, value: String(count))
        }
        let total = ExpositionText.number(stripes.floatingTotal(at: sum))
        text.sample(name: name, suffix: "_sum", labels: labels, value: total)
        text.sample(name: name, suffix: "_count", labels: labels, value: String(count))
    }
}
