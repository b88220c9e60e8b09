/// How many instances the load asks for, before bounds and windows.
struct Demand: Sendable, Equatable {
    /// Not rounded: 2.3 gateways' worth of load. What is not known counts as nothing, so this may be too low, never too high.
    var instances: Double
    /// Whether one more than there are is wanted, whatever `instances` says.
    var oneMore = false
    /// Why the number must not fall now, if so.
    var noFewer: Hold?
    var reason: String

    /// The Horizontal Pod Autoscaler's rule: as many as there are while the load is within `tolerance` of what these are for,
    /// else the next whole number.
    ///
    /// - Parameters:
    ///   - current: how many there should be by now.
    ///   - present: how many there are.
    func count(from current: Int, present: Int, tolerance: Double) -> Int {
        let ratio = current > 0 ? instances / Double(current) : .infinity
        let tracked = abs(ratio - 1) <= tolerance ? current : Int(min(instances, 1e6).rounded(.up))
        return oneMore ? max(tracked, present + 1) : tracked
    }
}
