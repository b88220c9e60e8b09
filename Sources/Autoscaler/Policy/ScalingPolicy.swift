/// Decides how many instances there should be. A value: what it remembers (stabilisation windows, cool-downs) is in it, so
/// that the same observations always give the same decisions, in the autoscaler and in its simulator alike.
package protocol ScalingPolicy: Sendable {
    mutating func decide(_ observation: Observation) -> Decision
}

package struct Decision: Sendable, Equatable {
    /// How many a role should have, and why, for a log line.
    package struct Target: Sendable, Equatable {
        package var count: Int
        package var reason: String
        /// Why it is not what the load asks for, if so.
        package var hold: Hold?

        package init(_ count: Int, reason: String, hold: Hold? = nil) {
            self.count = count
            self.reason = reason
            self.hold = hold
        }
    }

    package var gateways: Target
    package var projectors: Target
    /// Commands a second that one projector is taken to be able to apply.
    package var projectorCapacity: Double?

    package init(gateways: Target, projectors: Target, projectorCapacity: Double? = nil) {
        self.projectorCapacity = projectorCapacity
        self.gateways = gateways
        self.projectors = projectors
    }
}
