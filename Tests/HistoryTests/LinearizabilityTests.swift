import Testing

@testable import History

@Suite("Linearizability")
struct LinearizabilityTests {
    @Test("A stale read is named, with the writes that it contradicts and nothing else")
    func staleRead() throws {
        var story = Story()
        story.put("a", 0, 10, 1)
        for time in 0..<20 { story.get(.linearizable, Int64(20 + time), Int64(22 + time), "a", 1) }
        story.put("b", 50, 60, 2, replaces: true)
        story.get(.linearizable, 70, 80, "a", 1)
        story.get(.linearizable, 90, 95, "b", 2)
        let violation = try #require(story.verdict.violations.first)
        #expect(story.kinds == [.notLinearizable])
        #expect(violation.calls.map(\.id) == [0, 21, 22], "\(violation.text)")
        #expect(violation.message.contains("#22"))
    }

    @Test("A read that overlaps a write may show either value, and a later one only the new")
    func overlapping() {
        func kinds(_ second: String, _ version: UInt64) -> Set<Violation.Kind> {
            Story.kinds { story in
                story.put("a", 0, 10, 1)
                story.put("b", 20, 60, 2, replaces: true)
                story.get(.linearizable, 25, 30, "b", 2)
                story.get(.linearizable, 35, 40, second, version)
            }
        }
        #expect(kinds("b", 2) == [])
        #expect(kinds("a", 1) == [.notLinearizable])
    }

    @Test("A lost update: two compare-and-sets of the same version can't both succeed")
    func lostUpdate() {
        let kinds = Story.kinds { story in
            story.put("a", 0, 10, 1)
            story.put("b", 20, 40, 2, replaces: true, if: .version(1))
            story.put("c", 20, 40, 3, replaces: true, if: .version(1))
        }
        #expect(kinds == [.notLinearizable])
    }

    @Test("A value does not come back after its deletion was acknowledged")
    func resurrected() {
        let kinds = Story.kinds { story in
            story.put("a", 0, 10, 1)
            story.call(.delete(), 20, 30, .applied(.deleted, version: 2, command: nil))
            story.get(.linearizable, 40, 50, "a", 1)
        }
        #expect(kinds == [.notLinearizable])
    }

    @Test("A write of unknown outcome may appear late, or never, but once seen it stays")
    func unknown() {
        func kinds(_ reads: [String]) -> Set<Violation.Kind> {
            Story.kinds { story in
                story.put("a", 0, 10, 1)
                story.call(.put("b"), 5, nil, .unknown(problem: "no-answer", command: nil))
                for (index, value) in reads.enumerated() {
                    let time = Int64(100 + index * 10)
                    story.get(.linearizable, time, time + 5, value, value == "a" ? 1 : 2)
                }
            }
        }
        #expect(kinds(["a", "a", "b"]) == [])
        #expect(kinds(["a", "a"]) == [])
        #expect(kinds(["b", "b"]) == [])
        #expect(kinds(["a", "b", "a"]) == [.notLinearizable])
    }

    @Test("A write that was answered by 202 is in every linearizable read after it")
    func accepted() {
        func kinds(_ level: ReadLevel) -> Set<Violation.Kind> {
            Story.kinds { story in
                story.call(.put("a"), 0, 10, .accepted(command: "c-a"))
                story.get(level, 20, 30, nil)
                story.get(level, 40, 50, "a", 1)
                story.status("c-a", .applied, 1)
                story.log([(1, .put, "c-a", "a")])
            }
        }
        #expect(kinds(.linearizable) == [.notLinearizable])
        #expect(kinds(.applied) == [])
    }

    @Test("Created, replaced and 412 tell what was there before")
    func met() {
        #expect(
            Story.kinds { story in
                story.put("a", 0, 10, 1)
                story.put("b", 20, 30, 2)
            } == [.notLinearizable])
        #expect(
            Story.kinds { story in
                story.put("a", 0, 10, 1)
                story.call(.put("b", .version(1)), 20, 30, .rejected(current: 1, command: "c"))
            } == [.notLinearizable])
        #expect(
            Story.kinds { story in
                story.call(.put("b", .exists), 20, 30, .rejected(current: nil, command: "c"))
                story.call(.delete(), 40, 50, .applied(.nothingToDelete, version: nil, command: nil))
            } == [])
    }

    @Test("Write skew over two keys is legal: each key is a register by itself")
    func writeSkew() {
        let kinds = Story.kinds { story in
            for key in ["x", "y"] { story.put("\(key)0", 0, 10, 1, key: key) }
            story.get(.linearizable, 20, 30, "x0", 1, key: "x")
            story.get(.linearizable, 20, 30, "y0", 1, key: "y")
            story.put("x1", 40, 50, 2, replaces: true, if: .version(1), key: "x")
            story.put("y1", 40, 50, 2, replaces: true, if: .version(1), key: "y")
        }
        #expect(kinds == [])
    }

    @Test("A version that names two values is found")
    func version() {
        let kinds = Story.kinds { story in
            story.put("a", 0, 10, 1)
            story.put("b", 20, 30, 2, replaces: true)
            story.get(.eventual, 40, 50, "a", 2)
        }
        #expect(kinds.contains(.versionMeansTwoThings))
    }

    @Test("A search that is given too little says that it does not know")
    func budget() {
        var story = Story()
        story.put("a", 0, 10, 1)
        for index in 0..<8 {
            story.call(.put("v\(index)"), 20, 100, .applied(.replaced, version: nil, command: nil))
        }
        story.get(.linearizable, 200, 210, "v3", 4)
        story.get(.linearizable, 220, 230, "v4", 5)
        #expect(Verdict(of: story.recording).judgements[0].violations.count == 1)
        let verdict = Verdict(of: story.recording, budget: 100)
        #expect(verdict.judgements[0].violations.isEmpty)
        #expect(verdict.open.contains { $0.contains("100 states") })
    }
}
