/// Where gateways and projectors run.
package protocol FleetDriver: Sendable {
    /// All there are, those that leave included.
    func instances() async throws -> [Instance]

    /// Starts one. It may return before that one serves.
    func add(_ role: Role) async throws

    /// Lets the one drain that can best be done without, and returns when it is gone. No effect when there is none.
    func remove(_ role: Role) async throws
}
