/// A rate limit: tokens flow in at `rate` a second, up to one second's worth, and each request takes one.
///
/// Kept as the time when the bucket will be full again, as the generic cell rate algorithm does (ITU-T I.371): whole
/// numbers, no rounding. What costs more than there is (a batch's operations) is let through while there is a token, and leaves
/// a debt that those after it wait for.
package struct TokenBucket: Sendable, Equatable {
    private let interval: Duration
    private var fullAt: ContinuousClock.Instant

    /// - Parameter rate: at least 1.
    package init(rate: Int, at now: ContinuousClock.Instant) {
        precondition(rate >= 1, "a rate is at least one request a second")
        interval = .seconds(1) / rate
        fullAt = now
    }

    /// - Returns: how long until there is a token, when there is none; then nothing was taken.
    package mutating func take(at now: ContinuousClock.Instant) -> Duration? {
        let wait = max(.zero, fullAt - now) + interval - .seconds(1)
        guard wait <= .zero else { return wait }
        charge(1, at: now)
        return nil
    }

    /// Takes what a request that was let through turned out to cost besides.
    package mutating func charge(_ cost: Int, at now: ContinuousClock.Instant) {
        fullAt = max(fullAt, now) + interval * cost
    }

    /// Nothing has been taken for so long that a new one would be the same.
    package func isFull(at now: ContinuousClock.Instant) -> Bool { fullAt <= now }
}
