import Testing

@testable import History

@Suite("The log, lists and convergence")
struct LogTests {
    @Test("A write that was acknowledged and is not in the log is lost", arguments: [true, false])
    func lost(waits: Bool) {
        let kinds = Story.kinds { story in
            if waits { story.put("a", 0, 10, 1) } else { story.call(.put("a"), 0, 10, .accepted(command: "c-a")) }
            story.status("c-a", .pending)
            story.log([])
        }
        #expect(kinds == [.lostWrite])
    }

    @Test("A delete whose answer names nothing must still be in the log")
    func lostDelete() {
        func kinds(_ events: Int) -> Set<Violation.Kind> {
            Story.kinds { story in
                story.call(.delete(), 0, 10, .applied(.nothingToDelete, version: nil, command: nil))
                story.call(.delete(), 0, nil, .unknown(problem: "no-answer", command: nil))
                story.log((0..<events).map { (UInt64($0 + 1), .deleted, "x\($0)", nil) })
            }
        }
        #expect(kinds(0) == [.lostWrite])
        #expect(kinds(1) == [])
        #expect(kinds(2) == [])
        #expect(kinds(3) == [.eventNobodyAskedFor])
    }

    @Test("One command is one event")
    func doubled() {
        let kinds = Story.kinds { story in
            story.call(.put("a"), 0, 10, .accepted(command: "c-a"))
            story.status("c-a", .applied, 1)
            story.log([(1, .put, "c-a", "a"), (2, .put, "other", "a")])
        }
        #expect(kinds == [.doubledWrite, .wrongOutcome] || kinds == [.doubledWrite])
    }

    @Test("A write of unknown outcome is in the log at most once")
    func unknown() {
        func kinds(_ events: Int) -> Set<Violation.Kind> {
            Story.kinds { story in
                story.call(.put("a"), 0, nil, .unknown(problem: "ack-unknown", command: "c-a"))
                story.log((0..<events).map { (UInt64($0 + 1), .put, "c-a", "a") })
            }
        }
        #expect(kinds(0) == [])
        #expect(kinds(1) == [])
        #expect(kinds(2) == [.doubledWrite])
    }

    @Test("A refused write never appears, and nothing appears that nobody sent")
    func refused() {
        #expect(
            Story.kinds { story in
                story.call(.put("a"), 0, 10, .refused(problem: "queue-full"))
                story.log([(1, .put, "c-a", "a")])
            } == [.refusedWriteApplied])
        #expect(Story.kinds { $0.log([(1, .put, "c-z", "z")]) } == [.eventNobodyAskedFor])
    }

    @Test("The log, the status and the answer say the same")
    func outcomes() {
        #expect(
            Story.kinds { story in
                story.put("a", 0, 10, 7)
                story.log([(1, .put, "c-a", "a")])
            }.contains(.wrongOutcome))
        #expect(
            Story.kinds { story in
                story.call(.put("a"), 0, 10, .accepted(command: "c-a"))
                story.status("c-a", .rejected)
                story.log([(1, .put, "c-a", "a")])
            }.contains(.wrongOutcome))
        #expect(
            Story.kinds { story in
                story.call(.put("a"), 0, 10, .accepted(command: "c-a"))
                story.status("c-a", .dead)
                story.log([])
            } == [.setAside])
    }

    @Test("A precondition holds or fails on the state that the log shows")
    func preconditions() {
        #expect(
            Story.kinds { story in
                story.call(.put("a"), 0, nil, .unknown(problem: "no-answer", command: nil))
                story.call(.put("b", .absent), 20, 30, .accepted(command: "c-b"))
                story.status("c-b", .applied, 2)
                story.log([(1, .put, nil, "a"), (2, .put, "c-b", "b")])
            } == [.preconditionIgnored])
    }

    @Test("Writes stand in the order in which they were acknowledged")
    func order() {
        let kinds = Story.kinds { story in
            story.call(.put("a"), 0, 10, .accepted(command: "c-a"))
            story.call(.put("b"), 20, 30, .accepted(command: "c-b"))
            story.status("c-a", .applied, 2)
            story.status("c-b", .applied, 1)
            story.log([(1, .put, "c-b", "b"), (2, .put, "c-a", "a")])
        }
        #expect(kinds == [.outOfOrder, .notLinearizable] || kinds == [.outOfOrder])
    }

    @Test("No read shows what was never written, or not yet")
    func reads() {
        #expect(
            Story.kinds { story in
                story.get(.eventual, 0, 5, "a", 1)
                story.put("a", 10, 20, 1)
                story.get(.eventual, 30, 35, "z", 2)
                story.log([(1, .put, "c-a", "a")])
            } == [.readOfNothing])
    }

    @Test("An applied read is not behind what was applied when it began")
    func appliedReads() {
        let kinds = Story.kinds { story in
            story.put("a", 0, 10, 1)
            story.put("b", 20, 30, 2, replaces: true)
            story.get(.applied, 25, 40, "a", 1)
            story.get(.applied, 50, 60, "a", 1)
            story.log([(1, .put, "c-a", "a"), (2, .put, "c-b", "b")])
        }
        #expect(kinds == [.appliedReadBehind])
    }

    @Test("Lists: an append that is lost, doubled, changed or nobody's")
    func lists() {
        func kinds(_ list: String, seen: String = "1") -> Set<Violation.Kind> {
            Story.kinds { story in
                story.put("1", 0, 10, 1, if: .absent, .list)
                story.get(.eventual, 12, 13, seen, 1, .list)
                story.put("1,2", 20, 30, 2, replaces: true, if: .version(1), .list)
                story.call(.put("1,2,3", .version(2)), 40, nil, .unknown(problem: "no-answer", command: nil), .list)
                story.log([(1, .put, "c-1", "1"), (2, .put, "c-1,2", list)])
            }
        }
        #expect(kinds("1,2").isEmpty)
        #expect(kinds("1").contains(.lostAppend))
        #expect(kinds("1,2,2").contains(.doubledAppend))
        #expect(kinds("1,2,9").contains(.strangeElement))
        #expect(kinds("1,2", seen: "5").contains(.listChanged))
    }

    @Test("At rest every gateway says what the log says")
    func convergence() {
        func verdict(_ value: String?, _ version: UInt64?) -> Verdict {
            var story = Story()
            story.put("a", 0, 10, 1)
            story.log([(1, .put, "c-a", "a")])
            story.final("a", 1)
            story.final(value, version, gateway: 1)
            return story.verdict
        }
        #expect(verdict("a", 1).result == .right)
        #expect(verdict(nil, nil).violations.map(\.kind) == [.notConverged])
        #expect(verdict("a", 2).violations.map(\.kind) == [.notConverged])
    }

    @Test("A recording in which nothing happened proves nothing")
    func nothing() {
        #expect(Story().verdict.result == .inconclusive)
        var story = Story()
        story.call(.put("a"), 0, 10, .refused(problem: "unreachable"))
        story.log([])
        #expect(story.verdict.result == .inconclusive)
    }
}
