import SplitMix
import Testing

@testable import Autoscaler

/// Random bounds, fleets and signals, some of them missing.
private struct PolicyWorld {
    var generator: SplitMix64
    let settings: TargetTrackingPolicy.Settings
    let partitions: Int
    private var second = 0

    init(seed: UInt64) {
        generator = SplitMix64(seed: seed)
        var settings = TargetTrackingPolicy.Settings()
        settings.gateways = Self.bounds(&generator)
        settings.projectors = Self.bounds(&generator)
        self.settings = settings
        partitions = 1 + generator.below(20)
    }

    private static func bounds(_ generator: inout SplitMix64) -> ScalingBounds {
        let minimum = 1 + generator.below(4)
        return ScalingBounds(
            minimum: minimum, maximum: minimum + generator.below(8), upWindow: .seconds(generator.below(20)),
            downWindow: .seconds(generator.below(60)), coolDown: .seconds(generator.below(30)),
            stepUp: 1 + generator.below(4), stepDown: 1 + generator.below(2))
    }

    private mutating func maybe(_ missing: Int, _ range: ClosedRange<Double>) -> Double? {
        generator.chance(missing) ? nil : Double.random(in: range, using: &generator)
    }

    /// - Parameter missing: how many of a hundred signals are.
    mutating func observation(
        gateways: Observation.Fleet? = nil, projectors: Observation.Fleet? = nil, missing: Int = 10
    ) -> Observation {
        second += 1 + generator.below(10)
        var observation = Observation(
            at: .seconds(second), gateways: gateways ?? fleet(), projectors: projectors ?? fleet(),
            partitions: partitions)
        observation.gateways.processors = maybe(missing, 0...8)
        observation.requestRate = maybe(missing, 0...10_000)
        observation.requestsInFlight = maybe(missing, 0...600)
        observation.latency = maybe(missing, 0...0.5)
        observation.backlog = maybe(missing, 0...100_000)
        observation.backlogGrowth = maybe(missing, -3_000...3_000)
        observation.applyRate = maybe(missing, 0...8_000)
        observation.lag = maybe(missing, 0...60)
        observation.busyProjectors = generator.chance(missing) ? nil : generator.below(observation.projectors.ready + 1)
        return observation
    }

    private mutating func fleet() -> Observation.Fleet {
        .init(ready: generator.below(13), starting: generator.below(3), draining: generator.below(3))
    }
}

@Suite("Whatever is observed")
struct PolicyPropertyTests {
    private static let seeds = Array(UInt64(0)..<50)

    @Test("The number is within its bounds, and moves by no more than a step from what is there", arguments: seeds)
    func bounds(seed: UInt64) {
        var world = PolicyWorld(seed: seed)
        var policy = TargetTrackingPolicy(world.settings)
        var before: Decision?
        for _ in 0..<200 {
            let observation = world.observation()
            let decision = policy.decide(observation)
            check(decision.gateways, before?.gateways, observation.gateways, world.settings.gateways)
            check(
                decision.projectors, before?.projectors, observation.projectors,
                world.settings.projectors.limited(to: observation.partitions))
            before = decision
        }
    }

    private func check(
        _ target: Decision.Target, _ before: Decision.Target?, _ fleet: Observation.Fleet, _ bounds: ScalingBounds
    ) {
        let present = fleet.ready + fleet.starting
        #expect((bounds.minimum...max(bounds.maximum, present)).contains(target.count))
        let from = max(bounds.clamp(before?.count ?? 0), present)
        #expect(target.count <= from + bounds.stepUp && target.count >= from - bounds.stepDown)
    }

    @Test("No number falls below what is there while what it depends on is unknown", arguments: seeds)
    func unknown(seed: UInt64) {
        var world = PolicyWorld(seed: seed)
        var policy = TargetTrackingPolicy(world.settings)
        for _ in 0..<200 {
            let observation = world.observation(missing: 40)
            let decision = policy.decide(observation)
            if observation.gateways.processors == nil || observation.requestsInFlight == nil
                || (observation.latency == nil && observation.requestRate != 0)
            {
                let present = observation.gateways.ready + observation.gateways.starting
                #expect(decision.gateways.count >= present)
            }
            if observation.backlog == nil || observation.lag == nil || observation.applyRate == nil {
                let present = observation.projectors.ready + observation.projectors.starting
                #expect(decision.projectors.count >= present)
            }
        }
    }

    @Test("More load never asks for fewer", arguments: seeds)
    func monotone(seed: UInt64) {
        var world = PolicyWorld(seed: seed)
        var policy = TargetTrackingPolicy(world.settings)
        for _ in 0..<200 {
            let observation = world.observation(missing: 0)
            let factor = 1 + 3 * world.generator.unit()
            let more = observation.with {
                $0.gateways.processors! *= factor
                $0.requestsInFlight! *= factor
                $0.latency! *= factor
                $0.backlog! *= factor
                $0.backlogGrowth! += abs($0.backlogGrowth!) * (factor - 1)
                $0.lag! *= factor
            }
            var other = policy
            let less = policy.decide(observation)
            let greater = other.decide(more)
            #expect(greater.gateways.count >= less.gateways.count)
            // When nothing is applied, it is not the projectors that are too few.
            if observation.applyRate! > 0 { #expect(greater.projectors.count >= less.projectors.count) }
        }
    }

    /// An hour of a load that is the same but for noise of a quarter, with fleets that are what was decided.
    @Test("Noise does not make numbers go up and down", arguments: seeds)
    func noise(seed: UInt64) {
        var world = PolicyWorld(seed: seed)
        var policy = TargetTrackingPolicy()
        let load = 50 + 300 * world.generator.unit()
        let rate = 500 + 3_000 * world.generator.unit()
        var gateways = 1
        var projectors = 1
        var backlog = 0.0
        var changes = 0
        for second in stride(from: 0, to: 3_600, by: 5) {
            var observation = Observation.idle(
                second, gateways: .init(ready: gateways), projectors: .init(ready: projectors))
            observation.requestsInFlight = load * (0.75 + world.generator.unit() / 2)
            observation.requestRate = rate
            let inflow = rate * (0.75 + world.generator.unit() / 2)
            // A projector applies 700 a second.
            observation.applyRate = min(inflow + backlog / 5, Double(projectors) * 700)
            observation.backlogGrowth = inflow - observation.applyRate!
            backlog = max(0, backlog + 5 * observation.backlogGrowth!)
            observation.backlog = backlog
            observation.lag = backlog / max(1, observation.applyRate!)
            observation.busyProjectors = backlog > observation.applyRate! ? projectors : 0
            let decision = policy.decide(observation)
            if second > 1_200, decision.gateways.count != gateways || decision.projectors.count != projectors {
                changes += 1
            }
            gateways = decision.gateways.count
            projectors = decision.projectors.count
        }
        #expect(changes <= 2, "after twenty minutes all is said")
        #expect(Double(gateways * 64) * 1.35 >= load, "enough gateways")
        #expect(Double(projectors * 700) >= rate, "enough projectors")
    }
}
