import Metrics

/// What an autoscaler tells of itself (`docs/metrics.md` lists it). What is unknown is NaN.
struct AutoscalerMetrics: Sendable {
    private let desired = gauges("tidemark_autoscaler_desired")
    private let ready = gauges("tidemark_autoscaler_ready")

    private static func gauges(_ label: String) -> [Role: Gauge] {
        Dictionary(
            uniqueKeysWithValues: Role.allCases.map { ($0, Gauge(label: label, dimensions: [("role", $0.rawValue)])) })
    }

    func record(_ observation: Observation, _ decision: Decision) {
        record(.gateway, decision.gateways, observation.gateways)
        record(.projector, decision.projectors, observation.projectors)
        for (name, value) in [
            ("request_rate", observation.requestRate), ("requests_in_flight", observation.requestsInFlight),
            ("latency_seconds", observation.latency), ("gateway_processors", observation.gateways.processors),
            ("projector_processors", observation.projectors.processors), ("backlog_commands", observation.backlog),
            ("backlog_growth", observation.backlogGrowth), ("apply_rate", observation.applyRate),
            ("lag_seconds", observation.lag),
        ] {
            Gauge(label: "tidemark_autoscaler_signal", dimensions: [("signal", name)]).record(value ?? .nan)
        }
    }

    private func record(_ role: Role, _ target: Decision.Target, _ fleet: Observation.Fleet) {
        desired[role]?.record(target.count)
        ready[role]?.record(fleet.ready)
        guard let hold = target.hold else { return }
        Counter(
            label: "tidemark_autoscaler_holds_total", dimensions: [("role", role.rawValue), ("reason", hold.rawValue)]
        ).increment()
    }

    func decided(_ role: Role, _ direction: String) {
        Counter(
            label: "tidemark_autoscaler_decisions_total",
            dimensions: [("role", role.rawValue), ("direction", direction)]
        ).increment()
    }

    /// - Parameter action: `list`, `add` or `remove`.
    func failed(_ action: String) {
        Counter(label: "tidemark_autoscaler_failures_total", dimensions: [("action", action)]).increment()
    }
}
