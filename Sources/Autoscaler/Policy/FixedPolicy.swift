/// As many as there always were: what the others are compared with.
package struct FixedPolicy: ScalingPolicy {
    package var gateways: Int
    package var projectors: Int

    package init(gateways: Int, projectors: Int) {
        self.gateways = gateways
        self.projectors = projectors
    }

    package func decide(_ observation: Observation) -> Decision {
        Decision(
            gateways: .init(gateways, reason: "fixed"),
            projectors: .init(projectors, reason: "fixed"))
    }
}
