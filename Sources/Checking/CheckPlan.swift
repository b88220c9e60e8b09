package import History

/// What to record, and where.
package struct CheckPlan: Sendable {
    /// Base URLs of gateways of one cluster, each asked by itself. Two or more let sessions move between them.
    package var urls: [String]
    package var bearerToken: String?
    /// As `TidemarkClient` takes it.
    package var authorities: String?
    /// Processes that work at the same time, each with one call at a time.
    package var clients = 8
    /// For each workload. The fewer, the more calls overlap.
    package var keys = 4
    package var workloads = Scenario.allCases
    /// The same seed makes the same choices; what the cluster makes of them differs from run to run.
    package var seed: UInt64
    /// What all keys start with. Must be new for each run: nothing may have been written there.
    package var prefix: String
    /// For an answer; then its outcome is unknown.
    package var timeout = Duration.seconds(10)
    /// How long after the load everything acknowledged may take to be applied and seen everywhere.
    package var settleTimeout = Duration.seconds(30)

    package init(urls: [String], seed: UInt64 = 1, prefix: String? = nil) {
        self.urls = urls
        self.seed = seed
        self.prefix = prefix ?? "check/\(String(UInt64.random(in: .min ... .max), radix: 36))"
    }
}
