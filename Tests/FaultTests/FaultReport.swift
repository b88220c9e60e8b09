import Foundation
import History

/// What came of a run; a row of the table in docs/reliability.md.
struct FaultReport: Sendable {
    var fault: String
    var times: Int
    var recording: Recording
    var verdict: Verdict
    /// One for each kind of client.
    var outages: [Duration]

    static let head = """
        | fault | times | operations | acknowledged writes lost | applied twice | session violations | other violations \
        | longest without a write | without a read | the same, key at rest |
        | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
        """

    var row: String {
        let lost = count(.lostWrite, .lostAppend, .setAside)
        let twice = count(.doubledWrite, .doubledAppend)
        let sessions = count(.readYourWrites, .monotonicReads, .monotonicWrites, .writesFollowReads)
        let other = verdict.violations.count - lost - twice - sessions
        let counts = [times, verdict.tally.calls, lost, twice, sessions, other]
        let cells = [fault] + counts.map(String.init) + outages.map(\.inSeconds)
        return "| \(cells.joined(separator: " | ")) |"
    }

    private func count(_ kinds: Violation.Kind...) -> Int {
        verdict.violations.count { kinds.contains($0.kind) }
    }

    /// What went wrong, for the person who looks into it.
    var complaint: String {
        (["\(fault): \(verdict.result.rawValue)"] + verdict.violations.prefix(5).map(\.text) + verdict.open.prefix(5))
            .joined(separator: "\n")
    }
}

extension Duration {
    fileprivate var inSeconds: String {
        String(format: "%.2f s", Double(components.seconds) + Double(components.attoseconds) * 1e-18)
    }
}
