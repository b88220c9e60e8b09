import Metrics

/// The metrics of change feeds (`docs/metrics.md` lists them). Made once.
struct FeedMetrics: Sendable {
    let open = Meter(label: "tidemark_feeds_open")
    let refused = Counter(label: "tidemark_feeds_refused_total")
    let cutOff = Counter(label: "tidemark_feeds_cut_off_total")
    let events = Counter(label: "tidemark_feed_events_sent_total")
    let polls = Counter(label: "tidemark_feed_polls_total")
    let sharedPages = Counter(label: "tidemark_feed_pages_total", dimensions: [("reader", "shared")])
    let ownPages = Counter(label: "tidemark_feed_pages_total", dimensions: [("reader", "feed")])
}
