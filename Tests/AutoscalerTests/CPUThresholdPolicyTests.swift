import Testing

@testable import Autoscaler

@Suite("Thresholds of processor time")
struct CPUThresholdPolicyTests {
    private func policy() -> CPUThresholdPolicy {
        CPUThresholdPolicy(gateways: .init(minimum: 2, maximum: 10), projectors: .init(minimum: 2, maximum: 10))
    }

    @Test(
        "Busy adds a quarter, idle takes one, unknown and in between leave it",
        arguments: [(4, 3.0 as Double?, 5), (8, 6, 10), (4, 1, 3), (4, 2, 4), (2, 0, 2), (10, 9, 10), (4, nil, 4)])
    func thresholds(ready: Int, processors: Double?, count: Int) {
        var policy = policy()
        let observation = Observation.idle(0, gateways: .init(ready: ready)).with {
            $0.gateways.processors = processors
        }
        #expect(policy.decide(observation).gateways.count == count)
    }

    @Test("A change is followed by a pause")
    func pause() {
        var policy = policy()
        func count(_ second: Int) -> Int {
            policy.decide(.idle(second, gateways: .init(ready: 4)).with { $0.gateways.processors = 4 }).gateways.count
        }
        #expect(count(0) == 5)
        #expect(count(59) == 5)
        #expect(count(60) == 6)
    }
}
