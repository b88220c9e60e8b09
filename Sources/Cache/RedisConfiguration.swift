/// How a process uses Redis. Every property has a default that suits a production cluster.
package struct RedisConfiguration: Sendable {
    package var url: RedisURL
    /// What the names of all Redis keys begin with. Clusters that share a Redis need different ones, and a cluster that was
    /// created anew over an old Redis too: put the cluster's id into it.
    package var namespace = "tidemark"
    package var connectTimeout: Duration = .seconds(1)
    /// For one pipeline's replies. A request waits no longer than twice this: for the pipeline before it and for its own.
    package var commandTimeout: Duration = .seconds(1)
    /// For a Sentinel's answer, the connection to it included. Meanwhile requests fail at once.
    package var sentinelTimeout: Duration = .milliseconds(500)
    /// Requests that may wait for the connection; more are refused at once.
    package var queueLimit = 4_096
    /// How long a partition's entries stay usable without its owner.
    package var heartbeatTimeToLive: Duration = .seconds(3)
    /// How long the right to fill an entry stands.
    package var leaseTimeToLive: Duration = .seconds(3)
    /// How long an entry stays, give or take a tenth so that entries made together don't go together.
    package var entryTimeToLive: Duration = .seconds(3_600)
    /// The largest encoded entry that is cached, in bytes.
    package var entryLimit = 256 * 1_024
    /// The connection's thread, as `top -H` shows it; at most 15 bytes.
    package var threadName = "tidemark-redis"

    package init(url: RedisURL = .local) { self.url = url }
}
