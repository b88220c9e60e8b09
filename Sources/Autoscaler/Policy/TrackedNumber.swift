/// The number of instances of one role that there should be, as it follows the load: bounds, windows, cool-down and steps.
///
/// The windows are the Horizontal Pod Autoscaler's: up to the least that was asked for in the short one, down to the most
/// that was asked for in the long one.
struct TrackedNumber: Sendable, Equatable {
    private struct Wish: Equatable {
        var at: Duration
        var count: Int
    }

    private var target: Int?
    private var begin: Duration?
    private var lastChange: Duration?
    private var wishes: [Wish] = []

    mutating func follow(
        _ demand: Demand, _ fleet: Observation.Fleet, at now: Duration, _ bounds: ScalingBounds
    ) -> Decision.Target {
        let begin = begin ?? now
        self.begin = begin
        // What somebody added is taken as it is, and leaves in its time also if it is beyond the bounds; what died is wanted
        // still.
        let present = fleet.ready + fleet.starting
        let target = max(bounds.clamp(target ?? 0), present)
        var hold: Hold?

        let asked = demand.count(from: target, present: present, tolerance: bounds.tolerance)
        var wish = bounds.clamp(asked)
        if wish < asked, wish == target { hold = .bound }
        if wish < target, let reason = demand.noFewer {
            wish = target
            hold = reason
        }
        wishes.append(Wish(at: now, count: wish))
        wishes.removeAll { now - $0.at > max(bounds.upWindow, bounds.downWindow) }

        let up = wishes.filter { now - $0.at <= bounds.upWindow }.map(\.count).min() ?? target
        let down = wishes.filter { now - $0.at <= bounds.downWindow }.map(\.count).max() ?? target
        var count = target
        if up > target {
            count = min(up, target + bounds.stepUp)
        } else if down < target, now - begin >= bounds.downWindow {
            let isCooling = lastChange.map { now - $0 < bounds.coolDown } ?? false
            if isCooling { hold = .coolDown } else { count = max(down, target - bounds.stepDown) }
        } else if wish != target {
            hold = .window
        }
        if count != target { lastChange = now }
        self.target = count
        return Decision.Target(count, reason: demand.reason, hold: count == target ? hold : nil)
    }
}
