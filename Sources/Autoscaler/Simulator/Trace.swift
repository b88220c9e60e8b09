/// A load over time, and what breaks.
package struct Trace: Sendable, Equatable, CustomStringConvertible {
    package struct Point: Sendable, Equatable {
        /// Seconds from the beginning.
        package var at: Double
        /// Requests a second.
        package var reads: Double
        package var writes: Double
    }

    package enum Trouble: Sendable, Equatable {
        /// So many instances vanish.
        case fail(Role, Int)
        /// The database answers nobody for so many seconds: nothing is applied.
        case stall(Double)
        /// The autoscaler's metrics are missing for so many seconds.
        case blind(Double)
    }

    package struct Event: Sendable, Equatable {
        package var at: Double
        package var trouble: Trouble
    }

    package var name: String
    /// At least two, each later than the one before; the load changes evenly from one to the next.
    package private(set) var points: [Point]
    /// In order.
    package private(set) var events: [Event]

    package init(name: String, points: [Point], events: [Event] = []) {
        precondition(points.count > 1 && zip(points, points.dropFirst()).allSatisfy { $0.at < $1.at })
        self.name = name
        self.points = points
        self.events = events.sorted { $0.at < $1.at }
    }

    package var description: String { name }

    /// Whole seconds.
    package var seconds: Int { Int(points[points.count - 1].at) }

    /// The load of each second.
    package var load: [(reads: Double, writes: Double)] {
        var index = 0
        return (0..<seconds).map { second in
            let at = Double(second)
            while index + 2 < points.count, points[index + 1].at <= at { index += 1 }
            let (from, to) = (points[index], points[index + 1])
            let share = min(1, max(0, (at - from.at) / (to.at - from.at)))
            return (from.reads + share * (to.reads - from.reads), from.writes + share * (to.writes - from.writes))
        }
    }
}
