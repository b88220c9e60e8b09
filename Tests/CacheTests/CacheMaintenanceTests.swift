import Commands
import Testing

@testable import Cache

@Suite struct CacheMaintenanceTests {
    private static let a = Origin(1)
    private static let b = Origin(2)

    private static func position(_ sequence: UInt64, epoch: UInt64 = 5, _ incarnation: String = "g3-x") -> CachePosition
    {
        CachePosition(epoch: epoch, incarnation: incarnation, sequence: sequence)
    }

    /// At sequence 10, following.
    private static func following() -> CacheMaintenance {
        var maintenance = CacheMaintenance(epoch: 5, generation: 3, originLimit: 4)
        maintenance.learned(VersionVector(sequence: 10, applied: [a: 7]))
        _ = maintenance.repaired(at: position(10), revision: 1)
        return maintenance
    }

    @Test("Before the log's position is known it is asked for")
    func unknown() {
        let maintenance = CacheMaintenance(epoch: 5, generation: 3, originLimit: 4)
        #expect(maintenance.repair(from: nil, tooLong: false, incarnation: "n") == .readLog)
    }

    @Test(
        "A take-over replays what Redis lacks, or drops all when it can't be told",
        arguments: [
            (
                position(8, epoch: 4), false,
                .replay(from: position(8, epoch: 4), to: position(10), origins: .replacing([a: 7]), revision: 1)
            ),
            (
                position(10), false,
                .replay(from: position(10), to: position(10), origins: .replacing([a: 7]), revision: 1)
            ),
            (position(8), true, .drop(at: position(10, "g3-n"), applied: [a: 7], revision: 1)),
            (position(11), false, .drop(at: position(10, "g3-n"), applied: [a: 7], revision: 1)),
            (position(8, "g2-x"), false, .drop(at: position(10, "g3-n"), applied: [a: 7], revision: 1)),
            (position(8, "g33-x"), false, .drop(at: position(10, "g3-n"), applied: [a: 7], revision: 1)),
            (nil, false, .drop(at: position(10, "g3-n"), applied: [a: 7], revision: 1)),
            (position(8, epoch: 6), false, .fenced),
            (position(8, epoch: 6), true, .fenced),
        ] as [(CachePosition?, Bool, CacheMaintenance.Repair)])
    func takeOver(redis: CachePosition?, tooLong: Bool, step: CacheMaintenance.Repair) {
        var maintenance = CacheMaintenance(epoch: 5, generation: 3, originLimit: 4)
        maintenance.learned(VersionVector(sequence: 10, applied: [Self.a: 7]))
        #expect(maintenance.repair(from: redis, tooLong: tooLong, incarnation: "n") == step)
    }

    @Test("A commit advances Redis from where it stands")
    func commit() {
        var maintenance = Self.following()
        let commit = maintenance.committed(from: 10, to: 12, applied: [Self.b: 1])
        #expect(commit == .advance(from: Self.position(10), to: Self.position(12), origins: .merging([Self.b: 1])))
        maintenance.answered(.done, from: Self.position(10), to: Self.position(12))
        #expect(maintenance.state == .following(Self.position(12)))
    }

    @Test(
        "What Redis answers decides what comes next",
        arguments: [
            (.done, .following(position(12))), (.elsewhere(nil), .detached), (.elsewhere(position(3)), .detached),
            (nil, .detached), (.fenced, .fenced),
        ] as [(CacheAdvance?, CacheMaintenance.State)])
    func answers(answer: CacheAdvance?, state: CacheMaintenance.State) {
        var maintenance = Self.following()
        _ = maintenance.committed(from: 10, to: 12, applied: [:])
        maintenance.answered(answer, from: Self.position(10), to: Self.position(12))
        #expect(maintenance.state == state)
    }

    @Test("A late answer about a position that was left changes nothing, unless it fences")
    func lateAnswer() {
        var maintenance = Self.following()
        maintenance.answered(.elsewhere(nil), from: Self.position(9), to: Self.position(9))
        #expect(maintenance.state == .following(Self.position(10)))
        maintenance.answered(.fenced, from: Self.position(9), to: Self.position(9))
        #expect(maintenance.state == .fenced)
        _ = maintenance.repaired(at: Self.position(10), revision: 1)
        #expect(maintenance.state == .fenced)
    }

    @Test("A commit that the database's vector included already is not sent again; one that was missed detaches")
    func coveredAndMissed() {
        var maintenance = Self.following()
        let covered = maintenance.committed(from: 9, to: 10, applied: [Self.a: 7])
        #expect(covered == .none)
        #expect(maintenance.state == .following(Self.position(10)))
        let missed = maintenance.committed(from: 11, to: 12, applied: [:])
        #expect(missed == .none)
        #expect(maintenance.state == .detached)
    }

    @Test("A commit without events still tells Redis the origins' n")
    func barriersOnly() {
        var maintenance = Self.following()
        let commit = maintenance.committed(from: 10, to: 10, applied: [Self.a: 8])
        #expect(
            commit
                == .advance(from: Self.position(10), to: Self.position(10), origins: .merging([Self.a: 8])))
    }

    @Test("A repair is complete only when nothing was committed meanwhile, be it without events")
    func caughtUp() {
        for to in [10, 11] as [UInt64] {
            var maintenance = CacheMaintenance(epoch: 5, generation: 3, originLimit: 4)
            maintenance.learned(VersionVector(sequence: 10))
            guard
                case .replay(_, let target, _, let revision) = maintenance.repair(
                    from: Self.position(2), tooLong: false, incarnation: "")
            else {
                Issue.record("no replay")
                return
            }
            let noted = maintenance.committed(from: 10, to: to, applied: [Self.a: 1])
            #expect(noted == .none)
            let early = maintenance.repaired(at: target, revision: revision)
            #expect(!early)
            #expect(maintenance.state == .detached)
            guard
                case .replay(target, let next, .replacing([Self.a: 1]), let now) = maintenance.repair(
                    from: target, tooLong: false, incarnation: "")
            else {
                Issue.record("no second replay")
                return
            }
            let complete = maintenance.repaired(at: next, revision: now)
            #expect(complete)
            #expect(maintenance.state == .following(Self.position(to)))
        }
    }

    @Test(
        "When the projection's generation grows, the entries are dropped, whatever is on its way; an older one is no news"
    )
    func generation() {
        var maintenance = Self.following()
        let news = (2...3).map { maintenance.serve(generation: $0) }
        #expect(news == [false, false])
        #expect(maintenance.state == .following(Self.position(10)))
        _ = maintenance.committed(from: 10, to: 12, applied: [:])
        let newer = maintenance.serve(generation: 4)
        #expect(newer)
        maintenance.answered(.done, from: Self.position(10), to: Self.position(12))
        #expect(maintenance.state == .detached)
        #expect(
            maintenance.repair(from: Self.position(12), tooLong: false, incarnation: "n")
                == .drop(at: Self.position(12, "g4-n"), applied: [Self.a: 7], revision: 3))
    }

    @Test("A repair that began under the generation before is not its end")
    func generationDuringRepair() {
        var maintenance = CacheMaintenance(epoch: 5, generation: 3, originLimit: 4)
        maintenance.learned(VersionVector(sequence: 10))
        guard
            case .replay(_, let target, _, let revision) = maintenance.repair(
                from: Self.position(2), tooLong: false, incarnation: "")
        else {
            Issue.record("no replay")
            return
        }
        _ = maintenance.serve(generation: 4)
        let complete = maintenance.repaired(at: target, revision: revision)
        #expect(!complete && maintenance.state == .detached)
    }

    @Test("Origins stay bounded: past the limit the half heard last replaces the rest")
    func originLimit() {
        var maintenance = Self.following()
        var sequence: UInt64 = 10
        for id in 2...4 as ClosedRange<UInt64> {
            let commit = maintenance.committed(from: sequence, to: sequence + 1, applied: [Origin(id): id])
            #expect(
                commit
                    == .advance(
                        from: Self.position(sequence), to: Self.position(sequence + 1),
                        origins: .merging([Origin(id): id])))
            maintenance.answered(.done, from: Self.position(sequence), to: Self.position(sequence + 1))
            sequence += 1
        }
        let commit = maintenance.committed(from: sequence, to: sequence + 1, applied: [Origin(5): 5])
        #expect(
            commit
                == .advance(
                    from: Self.position(sequence), to: Self.position(sequence + 1),
                    origins: .replacing([Origin(4): 4, Origin(5): 5])))
    }

    @Test("An origin's n never goes back")
    func monotonicN() {
        var origins = ActiveOrigins(limit: 4)
        _ = origins.note([Self.a: 9])
        _ = origins.note([Self.a: 3])
        #expect(origins.applied == [Self.a: 9])
    }
}
