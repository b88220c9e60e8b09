import Testing

@testable import History

@Suite("Session guarantees")
struct SessionTests {
    /// Three values, one after the other, then absence: versions 1, 2, 3, 4.
    private static func story(_ tell: (inout Story) -> Void) -> Set<Violation.Kind> {
        Story.kinds { story in
            for (index, value) in ["a", "b", "c"].enumerated() {
                let time = Int64(index * 10)
                story.put(value, time, time + 5, UInt64(index + 1), replaces: index > 0)
            }
            story.call(.delete(), 30, 35, .applied(.deleted, version: 4, command: nil))
            tell(&story)
            let own: [(UInt64, Record.LoggedEvent.Kind, command: String?, value: String?)] =
                story.recording.calls.contains { $0.request == .put("d") } ? [(5, .put, "c-d", "d")] : []
            story.log(
                [(1, .put, "c-a", "a"), (2, .put, "c-b", "b"), (3, .put, "c-c", "c"), (4, .deleted, nil, nil)] + own)
        }
    }

    @Test("What a session has read it does not unread")
    func monotonicReads() {
        #expect(
            Self.story {
                $0.get(.session, 12, 22, "b", 2, session: 1)
                $0.get(.session, 23, 24, "a", 1, session: 1)
            } == [.monotonicReads])
        #expect(
            Self.story {
                $0.get(.session, 12, 22, "b", 2, session: 1)
                $0.get(.session, 23, 24, "a", 1, session: 2)
                $0.get(.session, 25, 26, "b", 2, session: 1)
            } == [])
    }

    @Test("Absence too must be new enough")
    func absence() {
        #expect(
            Self.story {
                $0.get(.session, 1, 2, nil, session: 1)
                $0.get(.session, 23, 24, "c", 3, session: 1)
                $0.get(.session, 40, 41, nil, session: 1)
            } == [])
        var story = Story()
        story.put("a", 0, 1, 1)
        story.get(.session, 2, 3, "a", 1, session: 1)
        story.get(.session, 4, 5, nil, session: 1)
        story.log([(1, .put, "c-a", "a")])
        #expect(story.kinds == [.monotonicReads])
    }

    @Test("A session sees its own acknowledged writes, and eventual reads promise nothing")
    func readYourWrites() {
        func kinds(_ level: ReadLevel) -> Set<Violation.Kind> {
            Self.story {
                $0.call(.put("d"), 40, 41, .accepted(command: "c-d"), session: 1)
                $0.get(level, 50, 51, "c", 3, session: 1)
                $0.status("c-d", .applied, 5)
            }
        }
        #expect(kinds(.session) == [.readYourWrites])
        #expect(kinds(.eventual) == [])
    }

    @Test("A session's writes stand in its order, and behind what it has read")
    func writes() {
        let backwards = Story.kinds { story in
            story.call(.put("a"), 0, 1, .accepted(command: "c-a"), session: 1)
            story.call(.put("b"), 2, 3, .accepted(command: "c-b"), session: 1)
            story.status("c-a", .applied, 2)
            story.status("c-b", .applied, 1)
            story.log([(1, .put, "c-b", "b"), (2, .put, "c-a", "a")])
        }
        #expect(backwards.isSuperset(of: [.monotonicWrites, .outOfOrder]))
        let behind = Story.kinds { story in
            story.call(.put("a"), 0, nil, .unknown(problem: "no-answer", command: nil))
            story.get(.session, 2, 3, "a", 2, session: 1)
            story.call(.put("b"), 4, 5, .accepted(command: "c-b"), session: 1)
            story.status("c-b", .applied, 1)
            story.log([(1, .put, "c-b", "b"), (2, .put, nil, "a")])
        }
        #expect(behind == [.writesFollowReads])
    }

    @Test("Without its log, a key's absence can't be placed, and that is said")
    func withoutLog() {
        var story = Story()
        story.get(.session, 0, 1, nil, session: 1)
        #expect(story.verdict.open.contains { $0.contains("log was not read") })
        #expect(story.verdict.result == .inconclusive)
    }
}
