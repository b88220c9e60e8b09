/// How much change feeds may take.
package struct FeedLimits: Sendable {
    /// Feeds open at once in one gateway; more are refused.
    package var feeds = 500
    /// A feed with nothing to tell says where it is so often. Proxies must not give up sooner.
    package var heartbeat: Duration = .seconds(10)
    /// A client that takes nothing for so long is cut off; it can resume.
    package var patience: Duration = .seconds(15)
    /// How long a client may take to read what is on its way when the gateway ends.
    package var farewell: Duration = .seconds(3)
    /// Of what is given out at once: events, and bytes of values (the last one may exceed it).
    var pageEvents = 500
    var pageBytes = 256 << 10
    /// Sequences that one read of a feed that is behind looks at.
    var pageSequences: UInt64 = 1_000
    /// Bytes, about, of events kept in memory for all feeds.
    var recentBytes = 16 << 20
    /// When so many events at once are new in a partition, they are not kept in memory: each feed reads them for itself.
    var longestRun: UInt64 = 5_000

    package init() {}
}
