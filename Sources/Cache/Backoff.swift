/// Pauses between attempts: 50 ms, then twice as long each time up to the longest, each shortened at random by up to half, so that many
/// processes don't come back in step.
struct Backoff: Sendable {
    static let shortest: Duration = .milliseconds(50)

    private let longest: Duration
    private var pause = shortest

    init(longest: Duration = .seconds(2)) { self.longest = longest }

    mutating func next() -> Duration {
        defer { pause = min(longest, pause * 2) }
        return pause * Double.random(in: 0.5...1)
    }
}

extension Duration {
    /// Whole nanoseconds, for timers.
    var inNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}
