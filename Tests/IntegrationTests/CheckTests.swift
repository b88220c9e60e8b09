import Checking
import Foundation
import History
import Testing

@Suite("tidemark check, on real servers")
struct CheckTests {
    @Test("A sound cluster of two gateways is found right, and every kind of operation was judged")
    func sound() async throws {
        let verdict = try await Self.verdict(seconds: 4)
        #expect(verdict.result == .right, "\(Self.explain(verdict))")
        for (workload, call, least) in [
            (Scenario.register, "get linearizable", 20), (.register, "get applied", 5), (.register, "put", 20),
            (.register, "delete", 3), (.compareAndSet, "put if-version", 10), (.compareAndSet, "put if-absent", 1),
            (.compareAndSet, "delete if-version", 1), (.list, "put if-version", 10), (.session, "get session", 20),
            (.session, "put", 10), (.asynchronous, "put", 20), (.asynchronous, "delete", 5),
        ] {
            #expect(verdict.tally.answered(workload, call) >= least, "\(workload) \(call): \(verdict.tally.rows)")
        }
        for judgement in verdict.judgements { #expect(judgement.judged > 50, "\(judgement)") }
    }

    private static let broken: [(LyingProxy.Lie, Set<Violation.Kind>)] = [
        (.forgetsWrites, [.lostWrite]),
        (.servesOldValues, [.notLinearizable, .appliedReadBehind, .monotonicReads]),
        (.doublesWrites, [.doubledWrite]),
        (.ignoresPreconditions, [.preconditionIgnored, .notLinearizable]),
        (.refusesWhatItForwards, [.refusedWriteApplied]),
        (.dropsSessions, [.readYourWrites]),
    ]

    @Test("A proxy that lies is found out, and the lie is named", arguments: broken)
    func lies(lie: LyingProxy.Lie, expected: Set<Violation.Kind>) async throws {
        let verdict = try await Self.verdict(seconds: 3, lie)
        #expect(verdict.result == .wrong, "\(lie)")
        let kinds = Set(verdict.violations.map(\.kind))
        #expect(kinds.isSuperset(of: expected), "\(lie): \(kinds)")
    }

    @Test("Writes whose answer is lost stay open, and are no violation")
    func unknown() async throws {
        let verdict = try await Self.verdict(seconds: 3, .losesAnswers)
        #expect(verdict.violations.isEmpty, "\(Self.explain(verdict))")
        #expect(verdict.tally.rows.reduce(0) { $0 + $1.unknown } > 10, "\(verdict.tally.rows)")
    }

    /// Of a run on a cluster with one projector and two gateways, the second behind a proxy that lies.
    private static func verdict(seconds: Double, _ lie: LyingProxy.Lie? = nil) async throws -> Verdict {
        let cluster = try await TestCluster()
        let verdict = Recorder<Verdict>()
        try await cluster.withProjector { _ in
            try await cluster.withGateway { first in
                try await cluster.withGateway { second in
                    func run(_ url: String) async throws {
                        var plan = CheckPlan(urls: [first.url, url], seed: 42)
                        plan.settleTimeout = .seconds(lie == nil ? 30 : 5)
                        let recording = try await CheckRun(plan).record {
                            try await Task.sleep(for: .seconds(seconds))
                        }
                        // Through the file, as another process would judge it.
                        verdict.append(Verdict(of: try Recording(ndjson: try recording.ndjson())))
                    }
                    if let lie { try await LyingProxy.with(second.url, lie, run) } else { try await run(second.url) }
                }
            }
        }
        return try #require(verdict.all.first)
    }

    private static func explain(_ verdict: Verdict) -> String {
        (verdict.violations.prefix(5).map(\.text) + verdict.open.prefix(5)).joined(separator: "\n")
    }
}
