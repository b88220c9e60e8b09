import Testing

@testable import Autoscaler

/// By gateways; projectors are followed by the same code.
@Suite("How a number follows the load")
struct TargetTrackingPolicyTests {
    private func policy(_ bounds: ScalingBounds) -> TargetTrackingPolicy {
        var settings = TargetTrackingPolicy.Settings()
        settings.gateway.requestsInFlight = 10
        settings.gateways = bounds
        settings.projectors = .prompt()
        return TargetTrackingPolicy(settings)
    }

    private func load(
        _ second: Int, _ inFlight: Double?, ready: Int = 2, starting: Int = 0, draining: Int = 0
    ) -> Observation {
        .idle(second, gateways: .init(ready: ready, starting: starting, draining: draining)).with {
            $0.requestsInFlight = inFlight
            $0.gateways.processors = 0
        }
    }

    @Test(
        "The bounds hold, whatever is known",
        arguments: [(1_000.0 as Double?, 2, 4), (0, 2, 2), (nil, 1, 2)])
    func bounds(inFlight: Double?, ready: Int, count: Int) {
        var policy = policy(.prompt(2...4))
        #expect(policy.decide(load(0, inFlight, ready: ready)).gateways.count == count)
    }

    @Test("That the load asks for more than the maximum is told; that it asks for less than the minimum is usual")
    func heldByBounds() {
        var policy = policy(.prompt(2...4))
        #expect(policy.decide(load(0, 1_000, ready: 4)).gateways.hold == .bound)
        #expect(policy.decide(load(5, 0, ready: 2)).gateways.hold == nil)
    }

    @Test("A step is no larger than allowed")
    func steps() {
        var policy = policy(.prompt(step: 2))
        #expect(policy.decide(load(0, 80)).gateways.count == 4)
        #expect(policy.decide(load(5, 80, ready: 4)).gateways.count == 6)
        #expect(policy.decide(load(10, 0, ready: 6)).gateways.count == 4)
    }

    @Test("What starts counts as if it were there, what drains does not")
    func startingAndDraining() {
        var policy = policy(.prompt())
        #expect(policy.decide(load(0, 40)).gateways.count == 4)
        #expect(policy.decide(load(5, 40, starting: 2)).gateways.count == 4)
        #expect(policy.decide(load(10, 40, ready: 2, starting: 2, draining: 1)).gateways.count == 4)
    }

    @Test("A load that lasts as long as the window raises the number, a shorter one does not")
    func upWindow() {
        var bounds = ScalingBounds.prompt()
        bounds.upWindow = .seconds(10)
        var policy = policy(bounds)
        #expect(policy.decide(load(0, 20)).gateways == .init(2, reason: "20 requests in flight at 10 a gateway"))
        #expect(policy.decide(load(5, 60)).gateways.hold == .window)
        #expect(policy.decide(load(10, 20)).gateways.count == 2)
        for second in [15, 20] { #expect(policy.decide(load(second, 60)).gateways.count == 2) }
        #expect(policy.decide(load(25, 40)).gateways.count == 4, "the least of the window")
    }

    @Test("The number falls when the window saw no need of it, and to what it needed at most")
    func downWindow() {
        var bounds = ScalingBounds.prompt()
        bounds.downWindow = .seconds(20)
        var policy = policy(bounds)
        for second in [0, 5, 10, 15] {
            let decision = policy.decide(load(second, second == 10 ? 30 : 0, ready: 5)).gateways
            #expect(decision.count == 5, "the window has only begun")
            #expect(decision.hold == .window)
        }
        #expect(policy.decide(load(20, 0, ready: 5)).gateways.count == 3)
        #expect(policy.decide(load(35, 0, ready: 3)).gateways.count == 1)
    }

    @Test("After a change none leaves for a while")
    func coolDown() {
        var bounds = ScalingBounds.prompt(step: 1)
        bounds.coolDown = .seconds(10)
        var policy = policy(bounds)
        #expect(policy.decide(load(0, 0, ready: 4)).gateways.count == 3)
        #expect(policy.decide(load(5, 0, ready: 3)).gateways.hold == .coolDown)
        #expect(policy.decide(load(10, 0, ready: 3)).gateways.count == 2)
        #expect(policy.decide(load(11, 90, ready: 2)).gateways.count == 3, "more are added at once")
        #expect(policy.decide(load(12, 0, ready: 3)).gateways.count == 3)
    }

    @Test("What is unknown holds, and holds for the whole window")
    func unknown() {
        var bounds = ScalingBounds.prompt()
        bounds.downWindow = .seconds(10)
        var policy = policy(bounds)
        #expect(policy.decide(load(0, 0)).gateways.count == 2)
        #expect(
            policy.decide(load(5, nil)).gateways
                == .init(2, reason: "0 processors used at 0.7 a gateway", hold: .unknown))
        #expect(policy.decide(load(15, 0)).gateways.count == 2)
        #expect(policy.decide(load(16, 0)).gateways.count == 1)
    }

    @Test("What died is replaced, also when the load is unknown then")
    func replaced() {
        var policy = policy(.prompt())
        #expect(policy.decide(load(0, 40)).gateways.count == 4)
        #expect(policy.decide(load(5, nil, ready: 1)).gateways.count == 4)
    }

    @Test("What somebody added is not removed before its time")
    func added() {
        var bounds = ScalingBounds.prompt()
        bounds.downWindow = .seconds(10)
        var policy = policy(bounds)
        #expect(policy.decide(load(0, 20)).gateways.count == 2)
        #expect(policy.decide(load(20, 20, ready: 5)).gateways.count == 2)
        #expect(policy.decide(load(21, nil, ready: 5)).gateways.count == 5)
    }

    @Test("What is beyond the maximum leaves as anything else does: step by step, and not while the load is unknown")
    func aboveMaximum() {
        var bounds = ScalingBounds.prompt(1...4, step: 1)
        bounds.downWindow = .seconds(10)
        var policy = policy(bounds)
        #expect(
            policy.decide(load(0, nil, ready: 7)).gateways
                == .init(7, reason: "0 processors used at 0.7 a gateway", hold: .unknown))
        #expect(policy.decide(load(5, 1_000, ready: 7)).gateways.count == 7)
        #expect(policy.decide(load(11, 1_000, ready: 7)).gateways.count == 6)
        #expect(policy.decide(load(16, 1_000, ready: 6)).gateways.count == 5)
        #expect(policy.decide(load(21, 1_000, ready: 3)).gateways.count == 4, "what died beyond it is not replaced")
    }

    @Test("One more is one more than there are, also when none can be added for a while")
    func oneMore() {
        var policy = policy(.prompt())
        for second in stride(from: 0, to: 60, by: 5) {
            let decision = policy.decide(load(second, 19).with { $0.latency = 1 })
            #expect(decision.gateways.count == 3)
        }
    }

    @Test("A removal that is under way and not seen yet is not undone")
    func removalUnderWay() {
        var policy = policy(.prompt(step: 2))
        #expect(policy.decide(load(0, 20, ready: 4)).gateways.count == 2)
        var observation = load(5, 20, ready: 3, draining: 1)
        observation.gateways.expect(leaving: 2)
        #expect(observation.gateways == .init(ready: 2, draining: 2, processors: 0))
        #expect(policy.decide(observation).gateways.count == 2)
    }

    @Test("There are never more projectors than partitions", arguments: [(3, 1, 3), (16, 1, 8), (1, 2, 1)])
    func partitions(partitions: Int, minimum: Int, count: Int) {
        var settings = TargetTrackingPolicy.Settings()
        settings.projectors = .prompt(minimum...8)
        var policy = TargetTrackingPolicy(settings)
        var decision: Decision?
        for second in stride(from: 0, to: 60, by: 5) {
            decision = policy.decide(
                .idle(second, projectors: .init(ready: 1)).with {
                    $0.partitions = partitions
                    $0.applyRate = 100
                    $0.busyProjectors = 1
                    $0.backlog = 100_000
                    $0.lag = 100
                })
        }
        #expect(decision?.projectors.count == count)
    }
}
