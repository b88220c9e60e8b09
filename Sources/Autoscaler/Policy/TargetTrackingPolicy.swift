/// Follows the load: gateways by what is under way in them, projectors by the time that the backlog takes.
///
/// Each demand is computed from one observation (``GatewayTracking``, ``ProjectorTracking``) and followed with patience
/// (``ScalingBounds``). A signal that is missing never lets a number fall; the others may still raise it. Instances that
/// start count as if they were there, those that drain do not.
package struct TargetTrackingPolicy: ScalingPolicy, Equatable {
    package struct Settings: Sendable, Equatable {
        package var gateway = GatewayTracking()
        package var projector = ProjectorTracking()
        package var gateways = ScalingBounds()
        /// Never more than there are partitions.
        package var projectors = ScalingBounds()

        package init() {}
    }

    private let settings: Settings
    private var gateways = TrackedNumber()
    private var projectors = TrackedNumber()
    private var capacity = ProjectorCapacity()

    package init(_ settings: Settings = Settings()) {
        self.settings = settings
    }

    package mutating func decide(_ observation: Observation) -> Decision {
        capacity.learn(observation)
        return Decision(
            gateways: gateways.follow(
                settings.gateway.demand(observation), observation.gateways, at: observation.at, settings.gateways),
            projectors: projectors.follow(
                settings.projector.demand(observation, capacity), observation.projectors, at: observation.at,
                settings.projectors.limited(to: observation.partitions)),
            projectorCapacity: capacity.rate)
    }
}
