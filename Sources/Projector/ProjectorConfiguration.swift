package import Cache
package import Commands
package import EventLog
package import Logging

package struct ProjectorConfiguration: Sendable {
    /// The most commands in one transaction; more only when a single message holds more.
    package var batchCommands = 1_000
    /// A batch with fewer commands in fewer messages, none of which is waited for, is followed by a rest: `restFactor`
    /// times as long as it took, at most `longestRest`. Larger batches and waiting clients are never held up.
    package var smallBatchCommands = 500
    package var smallBatchMessages = 64
    package var restFactor = 9
    package var longestRest: Duration = .milliseconds(50)
    /// How long a lease stands without renewal. A worker that dies is replaced after at most this time.
    package var leaseDuration: Duration = .seconds(5)
    /// How often leases are renewed and shared out anew.
    package var renewalInterval: Duration = .seconds(1)
    package var expirySweepInterval: Duration = .seconds(1)
    /// Gateway runs of which nothing was applied for so long are removed from a partition's version vector. Far longer than
    /// a message waits to be sent again; what comes later all the same is settled by its command id, and sessions by a
    /// barrier.
    package var originRetention: Duration = .seconds(7 * 86_400)
    package var originSweepInterval: Duration = .seconds(600)
    /// How long a shutdown may take to apply the batches at hand.
    package var drainTimeout: Duration = .seconds(15)
    /// A message that was delivered before more often than this, and never settled, may be what its projectors died of: it is
    /// applied alone. So is any other that was on its way when they died; that costs it a few milliseconds.
    package var suspectDeliveries = 5
    /// How often a command is applied alone before it is set aside. Each time, but for a coincidence, the process died.
    package var loneTries = 3
    /// What becomes of later commands for a key whose command was set aside.
    package var quarantine = Quarantine.letThrough
    /// Shown in the table of workers.
    package var name: String

    package init(name: String) { self.name = name }
}

/// What a projector works with.
package struct ProjectorParts: Sendable {
    package var source: any CommandSource
    package var store: any EventStore
    package var trials: any TrialStore
    package var leases: any LeaseStore
    package var cache: any CacheProjection
    package var cluster: ClusterDescription
    package var configuration: ProjectorConfiguration
    package var clock: any WallClock
    package var salts: SaltSource
    package var logger: Logger

    package init(
        source: any CommandSource, store: any EventStore, trials: any TrialStore, leases: any LeaseStore,
        cache: any CacheProjection, cluster: ClusterDescription, configuration: ProjectorConfiguration,
        clock: any WallClock = SystemWallClock(),
        salts: SaltSource = .random, logger: Logger
    ) {
        self.source = source
        self.store = store
        self.trials = trials
        self.leases = leases
        self.cache = cache
        self.cluster = cluster
        self.configuration = configuration
        self.clock = clock
        self.salts = salts
        self.logger = logger
    }
}
