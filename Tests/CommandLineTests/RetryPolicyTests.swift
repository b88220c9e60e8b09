import Testing

@testable import TidemarkClient

@Suite struct RetryPolicyTests {
    private let policy = RetryPolicy(attempts: 4, firstPause: .milliseconds(100), longestPause: .milliseconds(250))

    @Test(
        "Pauses double up to the longest, and end with the attempts",
        arguments: [
            (1, Duration.milliseconds(100)), (2, .milliseconds(200)), (3, .milliseconds(250)), (4, nil), (9, nil),
        ])
    func pauses(failures: Int, expected: Duration?) {
        #expect(policy.pause(afterFailures: failures, retryAfter: nil, random: 1) == expected)
    }

    @Test("Jitter goes down to nothing, and Retry-After is a lower bound")
    func bounds() {
        #expect(policy.pause(afterFailures: 1, retryAfter: nil, random: 0) == .zero)
        #expect(policy.pause(afterFailures: 1, retryAfter: .seconds(2), random: 0) == .seconds(2))
        #expect(policy.pause(afterFailures: 1, retryAfter: .seconds(3_600), random: 0) == .seconds(30))
    }

    @Test("One attempt is no retry")
    func never() { #expect(RetryPolicy.never.pause(afterFailures: 1, retryAfter: nil, random: 1) == nil) }
}
