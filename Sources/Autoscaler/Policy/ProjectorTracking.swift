/// How many projectors the backlog asks for: so many that it is applied within the objective while commands go on coming,
/// `backlog / (n × capacity − inflow) ≤ objective`, and that they are not busy all the time.
///
/// The age of the oldest command is the second signal. It keeps projectors from leaving, and asks for one more while the first
/// one can't be computed. It does no more than that, and a backlog that not all projectors have a part in asks for none
/// either: one partition that is hot or stands still would otherwise fill the cluster.
package struct ProjectorTracking: Sendable, Equatable {
    /// In this time whatever waits is to be applied, in seconds.
    package var drainSeconds: Double
    /// The part of its time that a projector is to be busy with what comes in.
    package var utilisation: Double

    package init(drainSeconds: Double = 30, utilisation: Double = 0.8) {
        self.drainSeconds = drainSeconds
        self.utilisation = utilisation
    }

    func demand(_ observation: Observation, _ capacity: ProjectorCapacity) -> Demand {
        let fleet = observation.projectors
        var demand = Demand(instances: 0, reason: "nothing waits")
        // Whatever follows, one more than there are is enough, and none before the last one has begun.
        let isLate = (observation.lag ?? 0) > drainSeconds && fleet.starting == 0
        if observation.lag == nil || fleet.ready == 0 {
            demand.noFewer = .unknown
        } else if observation.lag! > drainSeconds / 2 {
            demand.noFewer = .lag
        }
        guard let backlog = observation.backlog else {
            demand.noFewer = .unknown
            demand.oneMore = isLate
            demand.reason =
                "backlog unknown, oldest command \(observation.lag.map { "\($0.short) s old" } ?? "unknown")"
            return demand
        }
        if backlog > 0, observation.applyRate == 0, observation.lag.map({ $0 > 1 }) ?? true {
            demand.noFewer = .stalled
            demand.reason = "\(backlog.short) commands wait and none is applied"
            return demand
        }
        let inflow = observation.backlogGrowth.flatMap { growth in observation.applyRate.map { max(0, $0 + growth) } }
        if inflow == nil { demand.noFewer = .unknown }
        let isUneven =
            observation.busyProjectors.map { $0 > 0 && $0 < fleet.ready } ?? false
            && observation.lag.map { $0 > 1 } ?? true
        if isUneven { demand.noFewer = demand.noFewer ?? .stalled }
        let drain = isUneven ? 0 : backlog / drainSeconds
        let needed = max((inflow ?? 0) + drain, (inflow ?? 0) / utilisation)
        guard needed > 0 else { return demand }
        guard let rate = capacity.rate else {
            demand.noFewer = .unknown
            demand.oneMore = isLate && !isUneven
            demand.reason = "\(backlog.short) commands wait, and what a projector can do is not known"
            return demand
        }
        demand.instances = needed / rate
        demand.reason = """
            \(backlog.short) commands wait and \(inflow?.short ?? "an unknown number") a second come in, at \(rate.short) a \
            second a projector
            """
        if !capacity.isMeasured {
            // A projector can do at least this, so the load asks for so many at most.
            demand.instances = min(demand.instances, Double(fleet.ready + fleet.starting))
            demand.oneMore = isLate && !isUneven
        }
        return demand
    }
}
