import Testing

@testable import Autoscaler

@Suite("A score")
struct ScoreTests {
    @Test("Bad requests count by how many there were, bad seconds by their share")
    func shares() {
        var course = Course()
        for (offered, bad, lag) in [(100.0, 0.5, 0.0), (300, 0.005, 31), (100, 0, 30)] {
            course.seconds.append(
                .init(
                    offered: offered, capacity: 0, bad: bad, lost: 0, latency: 0, lag: lag, gateways: 2,
                    projectors: 2, alive: 4))
        }
        let score = Score(course, Objectives())
        #expect(abs(score.bad - 51.5 / 500) < 1e-9)
        #expect(score.badSeconds == 1)
        #expect(score.lagSeconds == 1)
        #expect(score.longestLag == 31)
        #expect(abs(score.nodeHours * 3_600 - 12) < 1e-9)
    }

    @Test("What is taken back soon is a reversal, of its own role only")
    func reversals() {
        func step(_ at: Double, _ role: Role, _ from: Int, _ to: Int) -> Course.Step {
            Course.Step(at: at, role: role, from: from, to: to, reason: "")
        }
        var course = Course()
        course.steps = [
            step(0, .gateway, 2, 4), step(10, .projector, 3, 2), step(100, .gateway, 4, 6), step(200, .gateway, 6, 5),
            step(900, .gateway, 5, 6),
        ]
        let score = Score(course, Objectives())
        #expect(score.steps == 5)
        #expect(score.reversals == 1)
    }
}
