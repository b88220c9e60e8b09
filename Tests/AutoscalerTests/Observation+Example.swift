@testable import Autoscaler

extension Observation {
    /// Everything known and nothing to do, at so many seconds.
    static func idle(
        _ seconds: Int = 0, gateways: Fleet = Fleet(ready: 2), projectors: Fleet = Fleet(ready: 2)
    ) -> Observation {
        var observation = Observation(
            at: .seconds(seconds), gateways: gateways, projectors: projectors, partitions: 16)
        observation.gateways.processors = 0
        observation.requestRate = 0
        observation.requestsInFlight = 0
        observation.latency = 0
        observation.backlog = 0
        observation.backlogGrowth = 0
        observation.applyRate = 0
        observation.busyProjectors = 0
        observation.lag = 0
        return observation
    }

    func with(_ change: (inout Observation) -> Void) -> Observation {
        var changed = self
        change(&changed)
        return changed
    }
}

extension ScalingBounds {
    /// Acts at once.
    static func prompt(_ range: ClosedRange<Int> = 1...8, step: Int = 100) -> ScalingBounds {
        ScalingBounds(
            minimum: range.lowerBound, maximum: range.upperBound, upWindow: .zero, downWindow: .zero, coolDown: .zero,
            stepUp: step, stepDown: step)
    }
}
