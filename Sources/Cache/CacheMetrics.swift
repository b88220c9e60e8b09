import Metrics

/// The cache's metrics, made once and kept: an update costs an atomic addition.
///
/// All names are here. Durations are in seconds, sizes of pipelines in commands.
struct CacheMetrics: Sendable {
    let hits = Counter(label: "tidemark_cache_lookups_total", dimensions: [("outcome", "hit")])
    let misses = Counter(label: "tidemark_cache_lookups_total", dimensions: [("outcome", "miss")])
    let unusable = Counter(label: "tidemark_cache_lookups_total", dimensions: [("outcome", "unusable")])
    let lookupErrors = Counter(label: "tidemark_cache_lookups_total", dimensions: [("outcome", "error")])
    let fillsStored = Counter(label: "tidemark_cache_fills_total", dimensions: [("outcome", "stored")])
    let fillsRefused = Counter(label: "tidemark_cache_fills_total", dimensions: [("outcome", "refused")])
    /// One pipeline, from sending it to its last reply.
    let roundTrip = Metrics.Timer(label: "tidemark_cache_round_trip_seconds")
    /// Requests sent together.
    let pipelineCommands = Recorder(label: "tidemark_cache_pipeline_commands")
}

/// What a partition's owner counts.
struct CacheRepairMetrics: Sendable {
    /// The keys that changed since Redis' sequence were invalidated.
    let replayed = Counter(label: "tidemark_cache_repairs_total", dimensions: [("kind", "replayed")])
    /// All entries of the partition were dropped by a new incarnation.
    let dropped = Counter(label: "tidemark_cache_repairs_total", dimensions: [("kind", "dropped")])
}
