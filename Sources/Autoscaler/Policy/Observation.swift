/// What was measured at one moment. `nil` is "not known", which is never the same as zero: a policy holds.
package struct Observation: Sendable, Equatable {
    /// Instances of one role.
    package struct Fleet: Sendable, Equatable {
        /// Take traffic or own partitions.
        package var ready: Int
        /// Asked for, not ready yet.
        package var starting: Int
        /// On their way out: they finish what they have and take nothing new.
        package var draining: Int
        /// Processor time used by the ready ones together, in seconds per second.
        package var processors: Double?

        package init(ready: Int, starting: Int = 0, draining: Int = 0, processors: Double? = nil) {
            self.ready = ready
            self.starting = starting
            self.draining = draining
            self.processors = processors
        }

        /// So many are being removed, also if no more than some of them are seen to drain yet.
        mutating func expect(leaving: Int) {
            let unseen = max(0, leaving - draining)
            let ready = min(self.ready, unseen)
            self.ready -= ready
            starting = max(0, starting - (unseen - ready))
            draining += unseen
        }
    }

    /// Since the autoscaler began, on a clock that never goes back.
    package var at: Duration
    package var gateways: Fleet
    package var projectors: Fleet
    package var partitions: Int

    /// Requests answered in a second, by all gateways.
    package var requestRate: Double?
    /// Requests under way, on all gateways; those that wait on purpose are not counted.
    package var requestsInFlight: Double?
    /// 99th percentile over the last interval, in seconds.
    package var latency: Double?

    /// Commands accepted and not applied.
    package var backlog: Double?
    /// How fast `backlog` grows, in commands per second; negative while it drains.
    package var backlogGrowth: Double?
    /// Commands applied in a second, by all projectors.
    package var applyRate: Double?
    /// How many of the ready projectors have work for more than a second, at their own rate.
    package var busyProjectors: Int?
    /// Age of the oldest command that is not applied, in seconds; 0 if there is none.
    package var lag: Double?

    package init(at: Duration, gateways: Fleet, projectors: Fleet, partitions: Int) {
        self.at = at
        self.gateways = gateways
        self.projectors = projectors
        self.partitions = partitions
    }
}
