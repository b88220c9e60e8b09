/// What came into each bucket of a histogram in an interval, over any number of series and instances with the same buckets.
struct BucketCounts: Sendable {
    /// Upper bound → how many were at most that.
    private var cumulative: [Double: Double] = [:]

    /// - Returns: `false` when the histogram is missing.
    mutating func add(_ name: String, of interval: ScrapeInterval, where included: (Exposition.Labels) -> Bool) -> Bool
    {
        let bucket = name + "_bucket"
        guard let series = interval.after[bucket] else { return false }
        for bound in Set(series.keys.compactMap { $0["le"] }) {
            guard let limit = bound == "+Inf" ? .infinity : Double(bound),
                let count = interval.increase(bucket, where: { $0["le"] == bound && included($0) })
            else { return false }
            cumulative[limit, default: 0] += count
        }
        return true
    }

    /// As Prometheus' `histogram_quantile`: by interpolation within the bucket; in the last one, its lower bound. `nil` when
    /// nothing was counted.
    func quantile(_ quantile: Double) -> Double? {
        let bounds = cumulative.keys.sorted()
        guard let total = bounds.last.flatMap({ cumulative[$0] }), total > 0 else { return nil }
        let rank = quantile * total
        var lower = (bound: 0.0, count: 0.0)
        for bound in bounds {
            let count = cumulative[bound] ?? 0
            if count >= rank {
                guard bound.isFinite, count > lower.count else { return lower.bound }
                return lower.bound + (bound - lower.bound) * (rank - lower.count) / (count - lower.count)
            }
            lower = (bound, count)
        }
        return lower.bound
    }
}
