import Foundation
import History
import Testing

/// Real processes and servers that are killed, stopped, cut off and filled up under the checker's load.
///
/// `CHAOS_ROUNDS`: every fault, each so often; without it, a few faults once. `CHAOS_SEED` chooses what the dice choose.
/// `CHAOS_TABLE`: a file for the table. `CHAOS_ONLY`: a regular expression for the names of the faults to make.
@Suite("Faults on real servers", .serialized)
struct FaultTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let rounds = environment["CHAOS_ROUNDS"].flatMap { Int($0) }
    private static let seed = environment["CHAOS_SEED"].flatMap { UInt64($0) } ?? 1

    @Test(
        "Nothing is lost, nothing is doubled, no session goes back, and everything comes up again",
        arguments: FaultStack.Kind.allCases)
    func faults(kind: FaultStack.Kind) async throws {
        let faults = (Self.rounds == nil ? Fault.short : Fault.all).filter { fault in
            fault.stack == kind
                && fault.name.range(of: Self.environment["CHAOS_ONLY"] ?? ".", options: .regularExpression) != nil
        }
        if faults.isEmpty { return }
        do {
            try await make(faults, kind)
        } catch let error as SmallDisk.NotMounted {
            Issue.record(
                "NOT TESTED, for want of a small disk: \(faults.map(\.name)). \(error.cause)", severity: .warning)
        }
    }

    private func make(_ faults: [Fault], _ kind: FaultStack.Kind) async throws {
        try await FaultStack.with(kind) { stack in
            for fault in faults {
                say("  \(fault.name), seed \(Self.seed)")
                let report = try await FaultRun(fault: fault, rounds: Self.rounds ?? 1, seed: Self.seed).run(on: stack)
                say(report.row)
                try Self.note(report)
                #expect(report.verdict.result == .right, "\(report.complaint)")
                if let problem = fault.expectedProblem {
                    #expect(report.verdict.tally.problems[problem] != nil, "\(fault.name) was not there")
                }
            }
        }
    }

    /// A row in the file for the table, and the history if somebody has to look into it.
    private static func note(_ report: FaultReport) throws {
        guard let path = environment["CHAOS_TABLE"] else { return }
        let table = URL(fileURLWithPath: path)
        let rows = (try? String(contentsOf: table, encoding: .utf8)) ?? FaultReport.head + "\n"
        try (rows + report.row + "\n").write(to: table, atomically: true, encoding: .utf8)
        guard report.verdict.result != .right else { return }
        let history = table.deletingPathExtension().appendingPathExtension("\(UUID().uuidString.prefix(8)).ndjson")
        try report.recording.ndjson().write(to: history)
        say("    its history: \(history.path)")
    }
}
