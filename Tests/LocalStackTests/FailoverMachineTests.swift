import LocalStack
import Testing

@Suite("Failover of the database")
struct FailoverMachineTests {
    /// A step of a story: what a look shows, and when, in seconds; or that the barrier was drawn, or the primary replaced.
    enum Step {
        case sees(FailoverMachine.Sight, at: Double)
        case drew(UInt64)
        case replaced
    }

    struct Story: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let steps: [Step]
        /// What the last step asks for.
        let action: FailoverMachine.Action
        let mayFailOver: Bool
        var primary = 0
    }

    private static let silent = FailoverMachine.Sight.silence
    private static func alone(waits: Bool = false) -> FailoverMachine.Sight { .answer(waits: waits, standby: nil) }
    private static func follows(
        waits: Bool = true, synchronous: Bool = true, flushed: UInt64 = 100
    ) -> FailoverMachine.Sight {
        .answer(waits: waits, standby: .init(synchronous: synchronous, flushed: flushed))
    }

    private static let joining: [Step] = [
        .sees(alone(), at: 0), .sees(follows(waits: false, synchronous: false), at: 1), .sees(follows(), at: 2),
    ]
    private static let inSync: [Step] = joining + [.drew(100), .sees(follows(), at: 3)]

    static let stories: [Story] = [
        Story(testDescription: "alone at first", steps: [.sees(alone(), at: 0)], action: .nothing, mayFailOver: false),
        Story(
            testDescription: "a standby that follows is waited for",
            steps: [.sees(follows(waits: false, synchronous: false), at: 0)], action: .makeCommitsWait,
            mayFailOver: false),
        Story(
            testDescription: "… again, when that did not succeed",
            steps: [.sees(follows(waits: false), at: 0), .sees(follows(waits: false), at: 1)], action: .makeCommitsWait,
            mayFailOver: false),
        Story(
            testDescription: "it is not yet what commits wait for",
            steps: [.sees(follows(waits: false), at: 0), .sees(follows(synchronous: false), at: 1)], action: .nothing,
            mayFailOver: false),
        Story(
            testDescription: "once commits wait for it, the barrier is drawn", steps: joining, action: .drawBarrier,
            mayFailOver: false),
        Story(
            testDescription: "below the barrier it may lack a commit",
            steps: joining + [.drew(101), .sees(follows(flushed: 100), at: 3)], action: .nothing, mayFailOver: false),
        Story(
            testDescription: "at the barrier it has everything",
            steps: joining + [.drew(100), .sees(follows(flushed: 100), at: 3)], action: .nothing, mayFailOver: true),
        Story(
            testDescription: "catching up for a moment it still has every acknowledged commit",
            steps: inSync + [.sees(follows(synchronous: false), at: 4)], action: .nothing, mayFailOver: true),
        Story(
            testDescription: "away for a moment, commits wait", steps: inSync + [.sees(alone(waits: true), at: 4)],
            action: .nothing, mayFailOver: true),
        Story(
            testDescription: "away for longer, it is given up before commits go on",
            steps: inSync + [.sees(alone(waits: true), at: 4), .sees(alone(waits: true), at: 6)], action: .letCommitsGo,
            mayFailOver: false),
        Story(
            testDescription: "… and again, when that did not succeed",
            steps: inSync + [
                .sees(alone(waits: true), at: 4), .sees(alone(waits: true), at: 6), .sees(alone(waits: true), at: 7),
            ], action: .letCommitsGo, mayFailOver: false),
        Story(
            testDescription: "back while commits were about to go on, it must reach a new barrier",
            steps: inSync + [
                .sees(alone(waits: true), at: 4), .sees(alone(waits: true), at: 6), .sees(follows(), at: 7),
                .sees(follows(flushed: 1_000), at: 8),
            ], action: .drawBarrier, mayFailOver: false),
        Story(
            testDescription: "somebody let commits go: it must reach a new barrier",
            steps: inSync + [.sees(follows(waits: false), at: 4)], action: .makeCommitsWait, mayFailOver: false),
        Story(
            testDescription: "away while it was joining",
            steps: joining + [.sees(alone(waits: true), at: 4), .sees(alone(waits: true), at: 6), .drew(100)],
            action: .letCommitsGo, mayFailOver: false),
        Story(
            testDescription: "silent for a moment", steps: inSync + [.sees(silent, at: 4), .sees(silent, at: 5)],
            action: .nothing, mayFailOver: true),
        Story(
            testDescription: "silent twice, with an answer between",
            steps: inSync + [.sees(silent, at: 4), .sees(follows(), at: 5), .sees(silent, at: 6.5)], action: .nothing,
            mayFailOver: true),
        Story(
            testDescription: "silent for longer", steps: inSync + [.sees(silent, at: 4), .sees(silent, at: 6)],
            action: .failOver, mayFailOver: true),
        Story(
            testDescription: "silent for longer while the standby may lack something",
            steps: joining + [.drew(100), .sees(silent, at: 4), .sees(silent, at: 60)], action: .nothing,
            mayFailOver: false),
        Story(
            testDescription: "after the failover the other one is alone",
            steps: inSync + [.sees(silent, at: 4), .sees(silent, at: 6), .replaced, .sees(alone(waits: true), at: 7)],
            action: .letCommitsGo, mayFailOver: false, primary: 1),
        Story(
            testDescription: "two deaths in a row: the copy is not promoted before it has everything",
            steps: inSync + [.replaced, .sees(silent, at: 7), .sees(silent, at: 60)], action: .nothing,
            mayFailOver: false, primary: 1),
        Story(
            testDescription: "a standby that never follows is made anew",
            steps: [.sees(alone(), at: 0), .sees(alone(), at: 30)], action: .copyAnew, mayFailOver: false),
        Story(
            testDescription: "… and is given time for it",
            steps: [.sees(alone(), at: 0), .sees(alone(), at: 30), .sees(alone(), at: 31)], action: .nothing,
            mayFailOver: false),
    ]

    @Test("A standby is promoted only while it has every acknowledged commit", arguments: stories)
    func story(_ story: Story) {
        let start = ContinuousClock.now
        var machine = FailoverMachine(primary: 0)
        var action = FailoverMachine.Action.nothing
        for step in story.steps {
            switch step {
            case .sees(let sight, let time): action = machine.look(sight, at: start + .seconds(time))
            case .drew(let position): machine.drew(barrier: position)
            case .replaced: machine.failedOver()
            }
        }
        #expect(action == story.action)
        #expect(machine.mayFailOver == story.mayFailOver)
        #expect(machine.primary == story.primary)
    }
}
