/// What many a cluster runs: a quarter more instances when the processors are busy, one less when they idle, a pause after each
/// change. It knows nothing of queues. What the others are compared with.
package struct CPUThresholdPolicy: ScalingPolicy {
    package struct Bounds: Sendable, Equatable {
        package var minimum: Int
        package var maximum: Int

        package init(minimum: Int, maximum: Int) {
            self.minimum = minimum
            self.maximum = maximum
        }
    }

    private struct Follower {
        var target: Int?
        var changed: Duration?
    }

    private let gatewayBounds: Bounds
    private let projectorBounds: Bounds
    private let busy: Double
    private let idle: Double
    private let coolDown: Duration
    private var gateways = Follower()
    private var projectors = Follower()

    /// - Parameters:
    ///   - busy: processor time of an instance, in seconds per second, beyond which there are to be more.
    ///   - idle: the same below which there is to be one less.
    package init(
        gateways: Bounds, projectors: Bounds, busy: Double = 0.7, idle: Double = 0.3, coolDown: Duration = .seconds(60)
    ) {
        (gatewayBounds, projectorBounds) = (gateways, projectors)
        (self.busy, self.idle, self.coolDown) = (busy, idle, coolDown)
    }

    package mutating func decide(_ observation: Observation) -> Decision {
        Decision(
            gateways: follow(&gateways, observation.gateways, gatewayBounds, observation.at),
            projectors: follow(&projectors, observation.projectors, projectorBounds, observation.at))
    }

    private func follow(
        _ follower: inout Follower, _ fleet: Observation.Fleet, _ bounds: Bounds, _ now: Duration
    ) -> Decision.Target {
        let target = follower.target ?? min(max(fleet.ready + fleet.starting, bounds.minimum), bounds.maximum)
        follower.target = target
        guard let processors = fleet.processors, fleet.ready > 0 else {
            return Decision.Target(target, reason: "processors unknown")
        }
        if let changed = follower.changed, now - changed < coolDown {
            return Decision.Target(target, reason: "a change was made a moment ago")
        }
        let used = processors / Double(fleet.ready)
        let wanted = used > busy ? target + max(1, target / 4) : used < idle ? target - 1 : target
        let count = min(max(wanted, bounds.minimum), bounds.maximum)
        if count != target { follower.changed = now }
        follower.target = count
        return Decision.Target(count, reason: "\(Int(used * 100)) % of the processors used")
    }
}
