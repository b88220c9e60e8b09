/// Instances that something else starts and ends: they are watched only.
package struct FixedFleet: FleetDriver {
    package struct Unchangeable: Error, CustomStringConvertible {
        package let description = "These instances are started and ended by something else."
    }

    private let members: [Instance]

    /// - Parameters: `http://host:port` of each.
    package init(gateways: [String], projectors: [String]) {
        members =
            gateways.map { Instance(id: $0, role: .gateway, url: $0, state: .ready) }
            + projectors.map { Instance(id: $0, role: .projector, url: $0, state: .ready) }
    }

    package func instances() -> [Instance] { members }
    package func add(_ role: Role) throws { throw Unchangeable() }
    package func remove(_ role: Role) throws { throw Unchangeable() }
}
