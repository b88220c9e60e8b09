/// When a call that failed is tried again: exponential backoff with full jitter, never before the server's
/// `Retry-After`, a bounded number of times.
public struct RetryPolicy: Sendable, Equatable {
    /// Tries in all, the first included.
    public var attempts: Int
    /// The longest pause before the second try; it doubles with each one.
    public var firstPause: Duration
    public var longestPause: Duration

    public init(attempts: Int = 6, firstPause: Duration = .milliseconds(50), longestPause: Duration = .seconds(2)) {
        self.attempts = attempts
        self.firstPause = firstPause
        self.longestPause = longestPause
    }

    public static let never = RetryPolicy(attempts: 1)

    /// How long to pause after `failures` failed tries.
    ///
    /// - Parameter random: from 0 to 1; spreads clients that failed together.
    /// - Returns: `nil` to give up.
    package func pause(afterFailures failures: Int, retryAfter: Duration?, random: Double) -> Duration? {
        guard failures < attempts else { return nil }
        let bound = min(longestPause, firstPause * (1 << min(failures - 1, 20)))
        let jittered = bound * random
        // The server's wish is a lower bound; up to half a minute of it is honoured.
        guard let retryAfter else { return jittered }
        return min(retryAfter, .seconds(30)) + jittered
    }
}
