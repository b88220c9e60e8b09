/// What a course was worth: what users were denied, and what it cost.
package struct Score: Sendable, Equatable, Encodable {
    /// Hours of gateways and projectors, starting and draining ones too.
    package var nodeHours: Double
    /// Share of all requests that were slower than the objective, refused, or failed.
    package var bad: Double
    /// Share of all requests that were refused or failed.
    package var lost: Double
    /// Seconds in which more requests were bad than the budget allows.
    package var badSeconds: Int
    /// Seconds in which the oldest command had waited longer than the objective.
    package var lagSeconds: Int
    /// The longest that one waited, in seconds.
    package var longestLag: Double
    /// Changes of a role's number.
    package var steps: Int
    /// Changes that took back what another had done less than ten minutes before.
    package var reversals: Int

    private enum CodingKeys: String, CodingKey {
        case bad, lost, steps, reversals
        case nodeHours = "node_hours"
        case badSeconds = "bad_seconds"
        case lagSeconds = "lag_seconds"
        case longestLag = "longest_lag_seconds"
    }

    /// What is taken back sooner was flapping.
    private static let soon = 600.0

    package init(_ course: Course, _ objectives: Objectives) {
        let seconds = course.seconds
        let offered = seconds.reduce(0) { $0 + $1.offered }
        func share(_ part: KeyPath<Course.Second, Double>) -> Double {
            offered > 0 ? seconds.reduce(0) { $0 + $1[keyPath: part] * $1.offered } / offered : 0
        }
        nodeHours = Double(seconds.reduce(0) { $0 + $1.alive }) / 3_600
        bad = share(\.bad)
        lost = share(\.lost)
        badSeconds = seconds.count { $0.bad > objectives.budget }
        lagSeconds = seconds.count { $0.lag > objectives.lag }
        longestLag = seconds.map(\.lag).max() ?? 0
        steps = course.steps.count
        reversals = Role.allCases.reduce(0) { count, role in
            let steps = course.steps.filter { $0.role == role }
            return count
                + zip(steps, steps.dropFirst()).count { before, after in
                    (before.to > before.from) != (after.to > after.from) && after.at - before.at < Self.soon
                }
        }
    }
}
