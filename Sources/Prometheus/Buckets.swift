/// The upper bounds of a histogram's buckets, inclusive and ascending. The bucket for everything above is implied.
struct Buckets: Sendable, Equatable {
    /// For requests, in seconds: 0.25 ms … 10 s, in steps of 2 to 2.5.
    ///
    /// A cached read answers in well under a millisecond, so the low end has to tell 0.25, 0.5 and 1 ms apart; a write
    /// with `Prefer: wait` or a request that meets a failover takes seconds, and 10 s is where clients have given up.
    /// A quantile is off by at most one step. Fifteen buckets keep a histogram at eighteen series.
    static let latency = Buckets([
        0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
    ])

    let upperBounds: [Double]
    /// The values of the `le` label, `+Inf` included.
    let labels: [String]

    /// Traps unless the bounds are finite and strictly ascending, with at least one.
    init(_ upperBounds: [Double]) {
        guard !upperBounds.isEmpty, upperBounds.allSatisfy(\.isFinite),
            zip(upperBounds, upperBounds.dropFirst()).allSatisfy(<)
        else { fatalError("histogram buckets must be finite and strictly ascending: \(upperBounds)") }
        self.upperBounds = upperBounds
        labels = (upperBounds + [.infinity]).map(ExpositionText.number)
    }

    /// The bucket of a value. A scan, because the usual value is found among the first few.
    func index(of value: Double) -> Int {
        var index = 0
        while index < upperBounds.count && value > upperBounds[index] { index += 1 }
        return index
    }
}
