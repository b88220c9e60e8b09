/// So many lines of the log a second, so that a burst doesn't flood it.
package struct LineBudget: Sendable, Equatable {
    private let perSecond: Int
    private var began: ContinuousClock.Instant?
    private var written = 0
    private var leftOut = 0

    package init(perSecond: Int) { self.perSecond = perSecond }

    /// - Returns: how many were left out since the last line; `nil` when this one is to be left out, too.
    package mutating func take(at now: ContinuousClock.Instant) -> Int? {
        if began.map({ now - $0 >= .seconds(1) }) ?? true {
            began = now
            written = 0
        }
        guard written < perSecond else {
            leftOut += 1
            return nil
        }
        written += 1
        defer { leftOut = 0 }
        return leftOut
    }
}
