/// How many gateways the load asks for: the worst of two signals that grow with the load and shrink with the number of
/// gateways, each against what one gateway is for.
///
/// Latency is no such signal. It is mostly that of the parts behind, which more gateways only burden; so it never asks for a
/// gateway by itself. It is a brake (none leaves while requests are slow) and a tie-breaker (one more, when the gateways are
/// well used anyway).
package struct GatewayTracking: Sendable, Equatable {
    /// Requests under way in one gateway.
    package var requestsInFlight: Double
    /// Processor time that one gateway uses, in seconds per second.
    package var processors: Double
    /// 99th percentile, in seconds.
    package var latency: Double

    /// From this part of the target on a gateway is well used.
    private static let wellUsed = 0.6
    /// In full gateways requests pile up: they tell that there are too few, no longer how many. One look asks for so many times
    /// those that are ready, at most; the next ones, once these are there, know better.
    private static let mostTimes = 4.0

    package init(requestsInFlight: Double = 64, processors: Double = 0.7, latency: Double = 0.25) {
        self.requestsInFlight = requestsInFlight
        self.processors = processors
        self.latency = latency
    }

    func demand(_ observation: Observation) -> Demand {
        let fleet = observation.gateways
        var demand = Demand(instances: 0, reason: "no gateway can be measured")
        let signals = [
            (observation.requestsInFlight, requestsInFlight, "requests in flight"),
            (fleet.processors, processors, "processors used"),
        ]
        for (total, target, name) in signals {
            guard let total else {
                demand.noFewer = .unknown
                continue
            }
            let instances = min(total / target, Self.mostTimes * Double(max(1, fleet.ready)))
            guard instances >= demand.instances else { continue }
            demand.instances = instances
            demand.reason = "\(total.short) \(name) at \(target.short) a gateway"
        }
        // Without requests there is no percentile, and nothing is missing.
        if observation.latency == nil, observation.requestRate != 0 { demand.noFewer = .unknown }
        if let measured = observation.latency, measured > latency {
            demand.noFewer = demand.noFewer ?? .latency
            if fleet.starting == 0, demand.instances >= Self.wellUsed * Double(fleet.ready) {
                demand.oneMore = true
                demand.reason += ", and the 99th percentile is \(measured.short) s"
            }
        }
        if fleet.ready == 0 { demand.noFewer = .unknown }
        return demand
    }
}
