/// What holds for changes of one role's number, whatever the load is.
package struct ScalingBounds: Sendable, Equatable {
    package var minimum: Int
    package var maximum: Int
    /// One may be added when every observation in this time asked for it.
    package var upWindow: Duration
    /// One may leave when no observation in this time asked for it.
    package var downWindow: Duration
    /// From any change to the next removal.
    package var coolDown: Duration
    /// At most so many are added at a decision.
    package var stepUp: Int
    /// At most so many are removed at a decision.
    package var stepDown: Int
    /// So far from what the present number is for, as a fraction, nothing changes.
    package var tolerance: Double

    package init(
        minimum: Int = 1, maximum: Int = 8, upWindow: Duration = .seconds(15), downWindow: Duration = .seconds(300),
        coolDown: Duration = .seconds(60), stepUp: Int = 4, stepDown: Int = 1, tolerance: Double = 0.1
    ) {
        self.minimum = minimum
        self.maximum = maximum
        self.upWindow = upWindow
        self.downWindow = downWindow
        self.coolDown = coolDown
        self.stepUp = stepUp
        self.stepDown = stepDown
        self.tolerance = tolerance
    }

    /// The same, never more than `count`.
    func limited(to count: Int) -> ScalingBounds {
        var limited = self
        limited.maximum = max(1, min(maximum, count))
        limited.minimum = min(minimum, limited.maximum)
        return limited
    }

    func clamp(_ count: Int) -> Int { min(max(count, minimum), maximum) }
}
