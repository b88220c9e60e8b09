import Metrics

/// What an autoscaler tells of itself (`docs/metrics.md` lists it), all of it from the start: of a counter that begins with its
/// first event, nobody sees that event. What is unknown is NaN.
struct AutoscalerMetrics: Sendable {
    private let desired = byRole { Gauge(label: "tidemark_autoscaler_desired", dimensions: [("role", $0)]) }
    private let ready = byRole { Gauge(label: "tidemark_autoscaler_ready", dimensions: [("role", $0)]) }
    private let holds = byRole { role in
        Dictionary(
            uniqueKeysWithValues: Hold.allCases.map { hold in
                let dimensions = [("role", role), ("reason", hold.rawValue)]
                return (hold, Counter(label: "tidemark_autoscaler_holds_total", dimensions: dimensions))
            })
    }
    private let decisions = byRole { role in
        byName(["up", "down"]) { direction in
            Counter(
                label: "tidemark_autoscaler_decisions_total", dimensions: [("role", role), ("direction", direction)])
        }
    }
    private let capacity = Gauge(label: "tidemark_autoscaler_projector_capacity")
    private let failures = byName(["list", "add", "remove"]) {
        Counter(label: "tidemark_autoscaler_failures_total", dimensions: [("action", $0)])
    }

    private static func byRole<Metric>(_ make: (String) -> Metric) -> [Role: Metric] {
        Dictionary(uniqueKeysWithValues: Role.allCases.map { ($0, make($0.rawValue)) })
    }

    private static func byName<Metric>(_ names: [String], _ make: (String) -> Metric) -> [String: Metric] {
        Dictionary(uniqueKeysWithValues: names.map { ($0, make($0)) })
    }

    func record(_ observation: Observation, _ decision: Decision) {
        record(.gateway, decision.gateways, observation.gateways)
        record(.projector, decision.projectors, observation.projectors)
        capacity.record(decision.projectorCapacity ?? .nan)
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
        if let hold = target.hold { holds[role]?[hold]?.increment() }
    }

    /// - Parameter direction: `up` or `down`.
    func decided(_ role: Role, _ direction: String) { decisions[role]?[direction]?.increment() }

    /// - Parameter action: `list`, `add` or `remove`.
    func failed(_ action: String) { failures[action]?.increment() }
}
