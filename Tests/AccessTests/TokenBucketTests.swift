import Access
import Testing

@Suite("Rate limits")
struct TokenBucketTests {
    private let start = ContinuousClock.now

    @Test("A second's worth goes through at once, the next waits for its token")
    func burst() {
        var bucket = TokenBucket(rate: 4, at: start)
        for _ in 0..<4 { #expect(bucket.take(at: start) == nil) }
        #expect(bucket.take(at: start) == .milliseconds(250))
        #expect(bucket.take(at: start + .milliseconds(100)) == .milliseconds(150), "a refusal costs nothing")
        #expect(bucket.take(at: start + .milliseconds(250)) == nil)
        #expect(bucket.take(at: start + .milliseconds(250)) == .milliseconds(250))
    }

    @Test("Rest is kept for one second's worth")
    func rest() {
        var bucket = TokenBucket(rate: 2, at: start)
        let later = start + .seconds(60)
        #expect(bucket.take(at: later) == nil)
        #expect(bucket.take(at: later) == nil)
        #expect(bucket.take(at: later) != nil)
    }

    @Test("A batch leaves a debt that the next one waits for")
    func debt() {
        var bucket = TokenBucket(rate: 10, at: start)
        #expect(bucket.take(at: start) == nil)
        bucket.charge(29, at: start)
        #expect(bucket.take(at: start) == .milliseconds(2_100))
        #expect(bucket.take(at: start + .milliseconds(2_100)) == nil)
    }

    @Test("Over a long time as many go through as the rate says, however they come", arguments: [1, 7, 100])
    func rate(rate: Int) {
        var bucket = TokenBucket(rate: rate, at: start)
        let passed = (0..<20_000).count { bucket.take(at: start + .milliseconds($0)) == nil }
        #expect((20 * rate...21 * rate).contains(passed))
    }
}
