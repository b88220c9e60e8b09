/// What happened, second by second, while a trace was played.
package struct Course: Sendable {
    package struct Second: Sendable {
        /// Requests offered.
        package var offered: Double
        /// Requests that the gateways that are ready can answer.
        package var capacity: Double
        /// Share of the requests that were slower than the objective, refused, or failed.
        package var bad: Double
        /// Share that was refused or failed.
        package var lost: Double
        /// 99th percentile, in seconds.
        package var latency: Double
        /// Age of the oldest command not applied, in seconds.
        package var lag: Double
        /// Instances that work.
        package var gateways: Int
        package var projectors: Int
        /// Instances that cost something: these, and those that start or drain.
        package var alive: Int
    }

    /// A change of a role's number.
    package struct Step: Sendable, Equatable {
        package var at: Double
        package var role: Role
        package var from: Int
        package var to: Int
        package var reason: String
    }

    package internal(set) var seconds: [Second] = []
    package internal(set) var steps: [Step] = []
}
