import Commands
import EventLog
import Foundation
import Projector
import SplitMix
import Testing

@Suite("The fold")
struct FoldTests {
    var log = LogModel()

    @Test("A put of a new key creates it, a second one replaces it, and versions are the sequence")
    mutating func putTwice() {
        log.run(dotted([put("a", "1"), put("b", "2"), put("a", "3")]))
        #expect(log.outcomes.map(\.result) == [.put(created: true), .put(created: true), .put(created: false)])
        #expect(log.outcomes.map(\.sequence) == [1, 2, 3])
        #expect(log.keys[key("a")]?.state == KeyState(version: 3, createdVersion: 1, deleted: false, expiresAt: nil))
        #expect(log.keys[key("a")]?.content.value == Data("3".utf8))
        #expect(log.events[2].previousVersion == 1)
    }

    @Test("A delete leaves a tombstone with its own version, also of a key that never was")
    mutating func deletes() {
        log.run(dotted([put("a", "1"), delete("a"), delete("never"), put("a", "2")]))
        #expect(
            log.outcomes.map(\.result) == [
                .put(created: true), .deleted(existed: true), .deleted(existed: false), .put(created: true),
            ])
        #expect(log.keys[key("never")]?.state.deleted == true)
        #expect(log.keys[key("a")]?.state == KeyState(version: 4, createdVersion: 4, deleted: false, expiresAt: nil))
    }

    @Test(
        "Preconditions are judged in order, against the state that the batch itself has made",
        arguments: [
            (Precondition.absent, false), (.exists, true), (.versions([2]), true), (.versions([1]), false),
            (.versions([]), false), (.none, true),
        ])
    mutating func preconditions(precondition: Precondition, holds: Bool) {
        log.run(dotted([put("other", "x"), put("a", "1"), put("a", "2", if: precondition)]))
        #expect(log.outcomes[2].result == (holds ? .put(created: false) : .rejected(.preconditionFailed(current: 2))))
        #expect(log.events.count == 3, "a refused command is an event too")
        #expect(log.keys[key("a")]?.state.version == (holds ? 3 : 2), "and doesn't change the key's version")
    }

    @Test("Applying a batch a second time changes nothing and gives the same outcomes")
    mutating func redelivery() {
        let batch = dotted([put("a", "1"), put("a", "2", if: .absent), delete("a"), put("b", "x", ttl: 5)])
        log.run(batch)
        let (events, outcomes) = (log.events, log.outcomes)
        log.run(batch, at: at(100))
        #expect(log.events == events)
        #expect(log.outcomes == outcomes)
        #expect(log.lookUps == 1)
    }

    @Test("A command that arrives behind later ones of its origin is applied, not lost")
    mutating func lateArrival() {
        log.run([(put("a", "second"), Dot(origin: origin, n: 2))])
        log.run([(put("b", "first"), Dot(origin: origin, n: 1))])
        #expect(log.events.count == 2)
        #expect(log.outcomes[0].result == .put(created: true))
        #expect(log.applied[origin] == 2)
    }

    @Test("An erasure deletes the value, destroys every version before it, and is recorded with who and why")
    mutating func erasure() {
        log.run(
            dotted([put("a", "1"), put("b", "x"), put("a", "2"), erase("a", Erasure(reason: "asked")), put("a", "3")]))
        #expect(log.events.map(\.kind) == [.put, .put, .put, .deleted, .erased, .put])
        #expect(log.events.map(\.isErased) == [true, false, true, false, false, false])
        #expect(
            log.events[4].reason == "asked" && log.events[4].principal == "p" && log.events[4].previousVersion == nil)
        #expect(log.outcomes[3].result == .deleted(existed: false) && log.outcomes[3].sequence == 5)
        #expect(log.keys[key("a")]?.state.version == 6, "what is written afterwards stays")
        for event in log.events { #expect(event.computedLeafHash == event.leafHash, "the tree still verifies") }
    }

    @Test(
        "An erasure of some versions leaves the others, and the current value unless it is one of them",
        arguments: [
            (1, UInt64?(1), [true, false, false], true), (2, 3, [false, true, true], false),
            (3, nil, [false, false, true], false),
        ])
    mutating func partialErasure(first: UInt64, last: UInt64?, erased: [Bool], lives: Bool) {
        log.run(dotted([put("a", "1"), put("a", "2"), put("a", "3")]))
        log.run([(erase("a", Erasure(reason: "r", first: first, last: last)), Dot(origin: origin, n: 4))])
        #expect(log.events.prefix(3).map(\.isErased) == erased)
        #expect(log.keys[key("a")]?.state.deleted == !lives)
        #expect(log.events.last?.kind == .erased && log.events.count == (lives ? 4 : 5))
    }

    @Test("An erasure that comes again is recorded once, and destroys nothing that was written since")
    mutating func erasureRedelivered() {
        let batch = [
            (put("a", "1"), Dot(origin: origin, n: 1)), (erase("a", Erasure(reason: "r")), Dot(origin: origin, n: 2)),
        ]
        log.run(batch)
        log.run([(put("a", "2"), Dot(origin: origin, n: 3))])
        log.run(batch)
        #expect(log.events.map(\.kind) == [.put, .deleted, .erased, .put])
        #expect(log.events.map(\.isErased) == [true, false, false, false])
    }

    @Test("The same Idempotency-Key is the same command, through whatever gateway it comes again")
    mutating func idempotentRetry() {
        log.run(dotted([put("a", "1", idempotencyKey: "k"), put("a", "2")]))
        let first = log.events.count
        let again = put("a", "1", idempotencyKey: "k")
        log.run([(again, Dot(origin: Origin(9), n: 1)), (again, Dot(origin: Origin(9), n: 2))])
        #expect(log.events.count == first)
        #expect(log.outcomes.map(\.result) == [.put(created: true), .put(created: true)])
        #expect(log.outcomes.map(\.sequence) == [1, 1], "the first outcome")
        #expect(log.applied[Origin(9)] == 2)
    }

    @Test("An Idempotency-Key with other content is rejected, once for each content")
    mutating func idempotencyKeyReused() {
        log.run(dotted([put("a", "1", idempotencyKey: "k"), put("a", "other", idempotencyKey: "k")]))
        #expect(log.outcomes[1].result == .rejected(.idempotencyKeyReused))
        #expect(log.events.map(\.kind) == [.put, .rejected])
        #expect(log.keys[key("a")]?.content.value == Data("1".utf8))
        log.run([(put("a", "other", idempotencyKey: "k"), Dot(origin: Origin(9), n: 1))])
        #expect(log.outcomes[0].result == .rejected(.idempotencyKeyReused))
        #expect(log.events.count == 2)
    }

    @Test("A new command without an Idempotency-Key needs no look-up")
    mutating func fastPath() {
        log.run(dotted([put("a", "1"), delete("b")]))
        #expect(log.lookUps == 0)
    }

    @Test("A barrier is no event, and advances the vector")
    mutating func barrier() {
        let barrier = Command(
            id: gatewayIDs.next(at: at(0)), operation: .barrier, key: key("a"), principal: "p", issuedAt: at(0))
        log.run(dotted([put("a", "1"), barrier]))
        #expect(
            log.outcomes[1] == Outcome(command: barrier.id, partition: log.partition, sequence: 1, result: .barrier))
        #expect(log.events.count == 1)
        #expect(log.applied[origin] == 2)
    }

    @Test("A value past its expiry is absent to preconditions, and its expired event comes first")
    mutating func expiry() {
        log.run(dotted([put("a", "1", ttl: 10)]))
        log.run(dotted([put("a", "2", if: .absent)], from: 2), at: at(10))
        #expect(log.events.map(\.kind) == [.put, .expired, .put])
        #expect(log.outcomes[0].result == .put(created: true))
        #expect(log.keys[key("a")]?.state.createdVersion == 3)
    }

    @Test("The sweep expires what is due, and nothing twice")
    mutating func sweep() {
        log.run(dotted([put("a", "1", ttl: 10), put("b", "1", ttl: 20), put("c", "1")]))
        for _ in 0..<2 {
            log.run(at: at(10)) { fold in for name in ["a", "b", "c", "nothing"] { fold.expire(key(name)) } }
        }
        #expect(log.events.map(\.kind) == [.put, .put, .put, .expired])
        #expect(log.keys[key("a")]?.state.deleted == true)
        #expect(log.events[3].principal == Fold.ownPrincipal)
    }

    @Test("A command set aside is a dead letter, no event, and counts as applied")
    mutating func setAside() {
        let command = put("a", "1")
        log.run { fold in fold.setAside(command, as: Dot(origin: origin, n: 1), reason: "too large") }
        #expect(log.outcomes.map(\.result) == [.dead(reason: "too large")])
        #expect(log.dead.map(\.command.id) == [command.id])
        #expect(log.events.isEmpty)
        #expect(log.applied[origin] == 1)
    }

    @Test("A dead letter that is retried becomes the event it would have been, once")
    mutating func retried() {
        let command = put("a", "1", if: .absent)
        let dot = Dot(origin: origin, n: 1)
        log.run { fold in fold.setAside(command, as: dot, reason: "refused") }
        for _ in 0..<2 {
            log.run(at: at(5), lookingUp: [command.id]) { fold in fold.retry(command, as: dot) }
            #expect(log.outcomes.map(\.result) == [.put(created: true)])
        }
        #expect(
            log.events.map(\.commandID) == [command.id] && log.events[0].dot == dot && log.dead.isEmpty)
        log.run { fold in fold.retry(put("b", "1"), as: Dot(origin: origin, n: 2)) }
        #expect(log.events.count == 1, "what is no letter is not applied")
    }

    @Test(
        "Behind a dead letter, commands of its key are held in order, and no other's; then they are applied in that order"
    )
    mutating func held() {
        log.holds = true
        let commands = [put("a", "1"), put("b", "1"), put("a", "2"), put("a", "3"), delete("a")]
        let items = dotted(commands)
        log.run { fold in fold.setAside(items[0].0, as: items[0].1, reason: "refused") }
        log.run(Array(items[1...2]))
        log.run(Array(items[3...4]))
        // A redelivery finds them set aside.
        log.run(Array(items[1...4]))
        #expect(log.events.map(\.key) == [key("b")])
        #expect(log.dead.map(\.command.id) == [0, 2, 3, 4].map { commands[$0].id })
        #expect(
            log.dead.map(\.reason) == ["refused"] + Array(repeating: DeadLetter.heldBehind, count: 3))
        let times = log.dead.map(\.diedAt)
        #expect(times == times.sorted() && Set(times).count == 4, "no two at the same time")
        for letter in log.dead {
            log.run(lookingUp: [letter.command.id]) { fold in fold.retry(letter.command, as: letter.dot) }
        }
        #expect(log.events.dropFirst().map(\.commandID) == [0, 2, 3, 4].map { commands[$0].id })
        log.run(dotted([put("a", "4")], from: 6))
        #expect(log.events.last?.kind == .put && log.dead.isEmpty)
    }

    @Test("An erasure doesn't wait behind a dead letter: it reaches those before it, and none that comes after")
    mutating func erasurePasses() throws {
        log.holds = true
        let items = dotted([put("a", "1"), put("a", "2"), erase("a", Erasure(reason: "asked")), put("a", "3")])
        log.run { fold in fold.setAside(items[0].0, as: items[0].1, reason: "refused") }
        log.run(Array(items[1...]))
        #expect(log.events.map(\.kind) == [.erased])
        let through = try #require(log.erasures.last?.deadLettersThrough)
        #expect(log.dead.map { $0.diedAt <= through } == [true, true, false])
    }

    @Test("A partition's time never goes back")
    mutating func time() {
        log.run(dotted([put("a", "1")]), at: at(50))
        log.run(dotted([put("a", "2")], from: 2), at: at(40))
        #expect(log.events.map(\.appliedAt) == [at(50), at(50)])
    }

    @Test("The same input folds to the same bytes")
    mutating func deterministic() {
        let batch = dotted([put("a", "1"), put("b", "2", ttl: 3), delete("a")])
        var other = log
        log.run(batch)
        other.run(batch)
        #expect(log.events == other.events)
    }

    @Test(
        "Whatever comes, in whatever batches: sequences are dense, the tree is the log's, the projection its replay",
        arguments: 0..<50)
    mutating func random(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var commands: [(Command, Dot)] = []
        var next: [Origin: UInt64] = [:]
        for _ in 0..<200 {
            let name = "k\(Int.random(in: 0..<8, using: &random))"
            let precondition = [
                Precondition.none, .none, .exists, .absent, .versions([UInt64.random(in: 1...200, using: &random)]),
            ]
            .randomElement(using: &random)!
            let command =
                Bool.random(using: &random)
                ? put(
                    name, "\(Int.random(in: 0..<3, using: &random))", if: precondition,
                    ttl: Int.random(in: 0..<4, using: &random) == 0 ? Int64.random(in: 1...50, using: &random) : nil,
                    idempotencyKey: Int.random(in: 0..<4, using: &random) == 0
                        ? "i\(Int.random(in: 0..<4, using: &random))" : nil)
                : delete(name, if: precondition)
            let from = Origin(UInt64.random(in: 1...3, using: &random))
            next[from, default: 0] += 1
            commands.append((command, Dot(origin: from, n: next[from]!)))
        }
        var time: Int64 = 0
        var rest = commands[...]
        while !rest.isEmpty {
            time += Int64.random(in: 0...10, using: &random)
            let batch = Array(rest.prefix(Int.random(in: 1...20, using: &random)))
            // Some batches come twice, as after a crash before the acknowledgement.
            for _ in 0...(Int.random(in: 0..<3, using: &random) == 0 ? 1 : 0) { log.run(batch, at: at(time)) }
            rest = rest.dropFirst(batch.count)
        }

        #expect(log.events.map(\.sequence) == Array(1...UInt64(log.events.count)), "seed \(seed)")
        #expect(Set(log.events.map(\.commandID)).count == log.events.count, "seed \(seed)")
        var tree = MerkleFrontier()
        var replayed: [Key: (version: UInt64, value: Data?)] = [:]
        for event in log.events {
            #expect(event.leafHash == event.computedLeafHash)
            tree.append(leafHash: event.leafHash)
            if event.kind != .rejected { replayed[event.key] = (event.sequence, event.content?.value) }
        }
        #expect(tree == log.tree, "seed \(seed)")
        for (key, value) in log.keys {
            #expect(replayed[key]?.version == value.state.version, "seed \(seed)")
            #expect(replayed[key]?.value == (value.state.deleted ? nil : value.content.value), "seed \(seed)")
        }
        #expect(replayed.count == log.keys.count, "seed \(seed)")
    }
}
