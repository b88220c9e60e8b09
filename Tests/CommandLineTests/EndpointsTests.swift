import Testing

@testable import TidemarkClient

@Suite struct EndpointsTests {
    private let now = ContinuousClock.now

    @Test("URLs take turns, without a slash at the end")
    func turns() {
        var endpoints = Endpoints(["http://a/", "http://b", "http://c"])
        let chosen = (0..<4).map { _ in endpoints.next(now: now) }
        #expect(chosen == ["http://a", "http://b", "http://c", "http://a"])
    }

    @Test("One that failed rests for a second")
    func rest() {
        var endpoints = Endpoints(["a", "b"])
        endpoints.failed("a", now: now)
        #expect((0..<3).map { _ in endpoints.next(now: now) } == ["b", "b", "b"])
        #expect((0..<2).map { _ in endpoints.next(now: now + .seconds(1)) } == ["a", "b"])
    }

    @Test("When all failed, they take turns again")
    func allFailed() {
        var endpoints = Endpoints(["a", "b"])
        endpoints.failed("a", now: now)
        endpoints.failed("b", now: now)
        #expect((0..<3).map { _ in endpoints.next(now: now) } == ["a", "b", "a"])
    }
}
