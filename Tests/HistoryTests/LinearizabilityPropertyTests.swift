import Testing

@testable import History

/// Random histories of one key, against an oracle that tries every order.
@Suite("Linearizability, by brute force")
struct LinearizabilityPropertyTests {
    @Test("What a register did is accepted, however its calls overlap", arguments: 0..<400)
    func accepted(seed: UInt64) {
        let calls = RandomRegister.history(seed: seed, calls: 40, width: 60)
        #expect(Self.search(calls) == .linearizable, "seed \(seed)")
    }

    @Test("A changed history is rejected when no order explains it, and only then")
    func mutated() {
        var rejected = 0
        var accepted = 0
        for seed in UInt64(0)..<4_000 {
            var random = SeededGenerator(seed: seed ^ 0xfeed)
            var calls = RandomRegister.history(seed: seed, calls: 6, width: 25)
            for _ in 0...Int.random(in: 0..<2, using: &random) { RandomRegister.mutate(&calls, &random) }
            let expected = BruteForce(calls).isLinearizable
            #expect((Self.search(calls) == .linearizable) == expected, "seed \(seed): \(calls)")
            if expected { accepted += 1 } else { rejected += 1 }
        }
        // The test tells something only if both happen often.
        #expect(rejected > 500 && accepted > 500, "\(rejected) rejected, \(accepted) accepted")
    }

    @Test("The evidence is itself no register's doing")
    func evidence() {
        var rejected = 0
        for seed in UInt64(0)..<100 {
            var random = SeededGenerator(seed: seed ^ 0xabcd)
            var calls = RandomRegister.history(seed: seed, calls: 30, width: 40)
            for _ in 0..<3 { RandomRegister.mutate(&calls, &random) }
            let key = Self.key(calls)
            let history = RegisterHistory(key)
            let search = LinearizabilitySearch(history.model, definite: history.definite, open: history.open)
            guard search.run(budget: 200_000).result == .notLinearizable else { continue }
            rejected += 1
            // Every other write may or may not have happened, every other read is forgotten: still no order.
            let kept = Set(LinearizabilityEvidence(history, budget: 200_000).calls)
            let others = history.definite.filter { !kept.contains($0.call) && key.calls[$0.call].isWrite }
            let weakened = LinearizabilitySearch(
                history.model, definite: history.definite.filter { kept.contains($0.call) },
                open: history.open + others.map(history.asOpen))
            #expect(weakened.run(budget: 200_000).result == .notLinearizable, "seed \(seed)")
            #expect(kept.count < calls.count, "seed \(seed)")
        }
        #expect(rejected > 50, "\(rejected)")
    }

    private static func key(_ calls: [Call]) -> KeyHistory {
        KeyHistory(key: "k", calls: calls, events: [], isLogComplete: false, statuses: [:])
    }

    private static func search(_ calls: [Call]) -> LinearizabilitySearch.Result {
        let history = RegisterHistory(key(calls))
        return LinearizabilitySearch(history.model, definite: history.definite, open: history.open)
            .run(budget: 1_000_000).result
    }
}
