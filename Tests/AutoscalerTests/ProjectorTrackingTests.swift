import Testing

@testable import Autoscaler

@Suite("What projectors the backlog asks for")
struct ProjectorTrackingTests {
    private let tracking = ProjectorTracking(drainSeconds: 10, utilisation: 0.8)

    /// Of a projector that applies so much when it is busy.
    private func measured(_ rate: Double) -> ProjectorCapacity {
        var capacity = ProjectorCapacity()
        for second in [0, 10, 20] { capacity.learn(busy(second, rate: rate)) }
        return capacity
    }

    private func busy(_ second: Int, rate: Double, projectors: Int = 1) -> Observation {
        .idle(second, projectors: .init(ready: projectors)).with {
            $0.applyRate = rate
            $0.backlog = rate * 5
            $0.busyProjectors = projectors
        }
    }

    @Test("So many that the backlog is applied within the objective while more comes in")
    func drain() {
        let demand = tracking.demand(
            .idle().with {
                $0.applyRate = 200
                $0.backlogGrowth = 100
                $0.backlog = 4_000
            }, measured(100))
        // 300 come in, 4,000 in ten seconds are 400 more, at 100 a projector.
        #expect(demand.instances == 7)
        #expect(demand.noFewer == nil)
    }

    @Test("Without a backlog, so many that they are not busy all the time")
    func steady() {
        let demand = tracking.demand(.idle().with { $0.applyRate = 240 }, measured(100))
        #expect(abs(demand.instances - 3) < 1e-9)
    }

    @Test("With nothing to do, none")
    func idle() {
        #expect(tracking.demand(.idle(), ProjectorCapacity()) == Demand(instances: 0, reason: "nothing waits"))
    }

    @Test("Without the rates a backlog alone may ask for more, never for fewer")
    func unknownInflow() {
        let demand = tracking.demand(
            .idle().with {
                $0.applyRate = nil
                $0.backlog = 4_000
            }, measured(100))
        #expect(demand.instances == 4)
        #expect(demand.noFewer == .unknown)
    }

    @Test("Without the backlog, old commands ask for one more, unless one is on its way", arguments: [0, 1])
    func unknownBacklog(starting: Int) {
        let demand = tracking.demand(
            .idle(projectors: .init(ready: 2, starting: starting)).with {
                $0.backlog = nil
                $0.lag = 11
            }, measured(100))
        #expect(demand.instances == 0)
        #expect(demand.noFewer == .unknown)
        #expect(demand.oneMore == (starting == 0))
    }

    @Test("Commands that wait for half the objective keep the projectors")
    func lag() {
        #expect(tracking.demand(.idle().with { $0.lag = 6 }, measured(100)).noFewer == .lag)
        #expect(tracking.demand(.idle().with { $0.lag = nil }, measured(100)).noFewer == .unknown)
    }

    @Test("When nothing is applied at all, nothing changes")
    func stalled() {
        let demand = tracking.demand(
            .idle().with {
                $0.backlog = 100_000
                $0.backlogGrowth = 500
                $0.lag = 100
            }, measured(100))
        #expect(demand.noFewer == .stalled)
        #expect(demand.count(from: 2, present: 2, tolerance: 0.1) <= 2)
    }

    @Test("What a projector can do is learnt while it is busy, and known to be no less than what was seen")
    func learning() {
        var capacity = ProjectorCapacity()
        capacity.learn(.idle(0).with { $0.applyRate = 60 })
        #expect(capacity.rate == 30 && !capacity.isMeasured)
        capacity.learn(.idle(5).with { $0.applyRate = 20 })
        #expect(capacity.rate == 30)
        for second in [10, 15, 20] { capacity.learn(busy(second, rate: 200, projectors: 2)) }
        #expect(capacity.rate == 100 && capacity.isMeasured)
        capacity.learn(busy(25, rate: 100, projectors: 2))
        #expect(capacity.rate == 90, "a slow moment counts for a fifth")
    }

    @Test("Nothing is learnt while projectors come and go")
    func settling() {
        var capacity = ProjectorCapacity()
        for second in [0, 5, 10, 15] { capacity.learn(busy(second, rate: 100)) }
        #expect(capacity.rate == 100)
        for second in [20, 25] { capacity.learn(busy(second, rate: 100, projectors: 2)) }
        #expect(capacity.rate == 100)
        for second in [30, 35] { capacity.learn(busy(second, rate: 100, projectors: 2)) }
        #expect(capacity.rate == 82)
    }

    @Test("Until a projector was seen busy, the load asks for no more of them, unless commands are late")
    func unmeasured() {
        var capacity = ProjectorCapacity()
        let observation = Observation.idle().with { $0.applyRate = 200 }
        capacity.learn(observation)
        #expect(tracking.demand(observation, capacity).count(from: 2, present: 2, tolerance: 0.1) == 2)
        #expect(
            tracking.demand(observation.with { $0.lag = 20 }, capacity).count(from: 2, present: 2, tolerance: 0.1) == 3)
        #expect(
            tracking.demand(observation.with { $0.applyRate = 70 }, capacity).count(from: 2, present: 2, tolerance: 0.1)
                == 1)
    }

    /// Projectors that apply 100 a second, followed for some minutes. What comes in is one partition's, or everybody's.
    private func follow(
        _ policy: inout TargetTrackingPolicy, from begin: Int, inflow: Double, isHot: Bool, ready: inout Int
    ) -> [Int] {
        var backlog = 0.0
        return stride(from: begin, to: begin + 900, by: 5).map { second in
            let able = Double(isHot ? 1 : ready) * 100
            let applied = min(able, inflow + backlog / 5)
            let growth = inflow - applied
            backlog = max(0, backlog + growth * 5)
            let decision = policy.decide(
                .idle(second, projectors: .init(ready: ready)).with {
                    $0.applyRate = applied
                    $0.backlogGrowth = growth
                    $0.backlog = backlog
                    $0.lag = backlog / max(1, applied)
                    $0.busyProjectors = backlog > applied ? (isHot ? 1 : ready) : 0
                })
            ready = decision.projectors.count
            return ready
        }
    }

    @Test("A partition with more than a projector can do neither fills the cluster nor spoils what was learnt")
    func hotPartition() {
        var policy = TargetTrackingPolicy()
        var ready = 1
        let even = follow(&policy, from: 0, inflow: 150, isHot: false, ready: &ready)
        #expect(even.last == 2)
        #expect(follow(&policy, from: 900, inflow: 150, isHot: true, ready: &ready).max() == 2)
        #expect(follow(&policy, from: 1_800, inflow: 60, isHot: false, ready: &ready).last == 1)
    }

    @Test("While one has work and others idle, nothing is learnt, what waits asks for none, and none leaves")
    func uneven() {
        var capacity = measured(100)
        let observation = Observation.idle(25, projectors: .init(ready: 2)).with {
            $0.applyRate = 20
            $0.backlog = 5_000
            $0.lag = 50
            $0.busyProjectors = 1
        }
        for second in stride(from: 25, to: 60, by: 5) { capacity.learn(observation.with { $0.at = .seconds(second) }) }
        #expect(capacity.rate == 100)
        let demand = tracking.demand(observation, capacity)
        #expect(demand.noFewer == .lag && demand.instances == 0.25)
        #expect(tracking.demand(observation.with { $0.lag = 2 }, capacity).noFewer == .stalled)
        let unmeasured = tracking.demand(observation, ProjectorCapacity())
        #expect(unmeasured.count(from: 2, present: 2, tolerance: 0.1) <= 2)
    }
}
