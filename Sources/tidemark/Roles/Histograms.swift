/// The histograms whose values are not the seconds of a request.
enum Histograms {
    private static let counts: [Double] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000]
    /// Five milliseconds, when nobody is in a hurry, to half an hour behind an outage.
    private static let lags = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800]

    static let all: [(name: String, help: String, buckets: [Double])] = [
        ("tidemark_publish_batch_commands", "Commands in a message.", counts),
        ("tidemark_projector_batch_commands", "Commands in a transaction.", counts),
        ("tidemark_cache_pipeline_commands", "Requests in a pipeline to Redis.", counts),
        ("tidemark_projector_lag_seconds", "From a command's acceptance to its commit.", lags),
        ("tidemark_staleness_age_seconds", "How old stale reads were, at least.", lags),
    ]
}
