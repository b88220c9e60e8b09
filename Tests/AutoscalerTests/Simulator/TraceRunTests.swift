import Synchronization
import Testing

@testable import Autoscaler

@Suite("A trace that is played")
struct TraceRunTests {
    /// Remembers what it is shown, and leaves everything as it is.
    private final class Witness: ScalingPolicy {
        private let seen = Mutex<[Observation]>([])
        var observations: [Observation] { seen.withLock { $0 } }

        func decide(_ observation: Observation) -> Decision {
            seen.withLock { $0.append(observation) }
            return FixedPolicy(gateways: 2, projectors: 2).decide(observation)
        }
    }

    private var steady: SystemModel {
        var model = SystemModel()
        (model.noise, model.missing) = (0, 0)
        return model
    }

    private func play(_ text: String, _ model: SystemModel) throws -> (course: Course, seen: [Observation]) {
        let witness = Witness()
        var run = TraceRun(
            try Trace(name: "t", text: text), policy: witness, sizes: Sizes(gateways: 2, projectors: 2), model: model)
        return (run.play(), witness.observations)
    }

    @Test("The policy sees what was")
    func sees() throws {
        let (_, seen) = try play("0, 5000, 5000\n60, 5000, 5000", steady)
        let last = try #require(seen.last)
        #expect(seen.count == 11)
        #expect(abs(last.requestRate! - 10_000) < 1)
        #expect(abs(last.applyRate! - 5_000) < 1)
        #expect(abs(last.gateways.processors! - 0.61) < 0.001)
        #expect(last.backlogGrowth! == 0 && last.lag! == 0)
    }

    @Test("Missing metrics are unknown, not zero")
    func blind() throws {
        let (_, seen) = try play("0, 5000, 5000\n20, blind, 20\n60, 5000, 5000", steady)
        for observation in seen {
            let isBlind = (20..<40).contains(observation.at / .seconds(1))
            #expect((observation.requestRate == nil) == isBlind)
            #expect((observation.backlog == nil) == isBlind)
            #expect((observation.projectors.processors == nil) == isBlind)
        }
    }

    @Test("A database that stands still lets commands wait, and then they are applied")
    func stall() throws {
        let (course, seen) = try play("0, 5000, 5000\n20, stall, 20\n90, 5000, 5000", steady)
        #expect(course.seconds.map(\.lag).max() == 20)
        #expect(course.seconds.last?.lag == 0)
        #expect(seen.contains { $0.applyRate == 0 && $0.backlogGrowth! > 4_900 })
    }

    @Test("A gateway that vanishes costs its share for a second, and is replaced")
    func vanishes() throws {
        let (course, seen) = try play("0, 5000, 5000\n20, fail, gateway, 1\n90, 5000, 5000", steady)
        #expect(abs(course.seconds[20].lost - 0.5) < 0.01)
        #expect(course.seconds[22].lost < 1e-9)
        #expect(course.seconds[22].gateways == 1)
        #expect(course.seconds.last?.gateways == 2)
        #expect(seen.contains { $0.gateways.processors == nil })
    }

    @Test("All gateways gone means that nothing is answered")
    func allGone() throws {
        let (course, _) = try play("0, 5000, 5000\n20, fail, gateway, 2\n90, 5000, 5000", steady)
        #expect(course.seconds[21].lost == 1)
        let last = try #require(course.seconds.last)
        #expect(last.lost < 1e-9)
    }

    @Test("The same seed gives the same course, another one another")
    func seeded() {
        func course(_ seed: UInt64) -> [Double] {
            var run = TraceRun(
                .flashCrowd, policy: TargetTrackingPolicy(), sizes: Sizes(gateways: 2, projectors: 2), seed: seed)
            return run.play().seconds.map(\.latency)
        }
        #expect(course(1) == course(1))
        #expect(course(1) != course(2))
    }
}
