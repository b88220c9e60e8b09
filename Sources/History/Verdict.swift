/// What a recording proves.
package struct Verdict: Sendable, Equatable {
    package enum Result: String, Sendable, Codable {
        /// Every promise was kept, as far as the recording can show it.
        case right
        /// At least one was not: that is certain.
        case wrong
        /// Nothing wrong was found, and something could not be judged.
        case inconclusive
    }

    package var judgements: [Judgement]
    package var tally: Tally

    package var violations: [Violation] { judgements.flatMap(\.violations) }
    package var open: [String] {
        let idle = tally.informative == 0 ? ["nothing happened: not one operation has an outcome"] : []
        return idle + judgements.flatMap(\.open)
    }
    package var result: Result {
        if !violations.isEmpty { return .wrong }
        return open.isEmpty ? .right : .inconclusive
    }

    /// Judges everything. Takes seconds for tens of thousands of calls; blocks the thread meanwhile.
    ///
    /// - Parameter budget: how many states the search for a linearization may visit, for each key.
    package init(of recording: Recording, budget: Int = LinearizabilityJudge.defaultBudget) {
        let keys = KeyHistory.split(recording)
        judgements = [
            LinearizabilityJudge(budget: budget).judge(keys),
            AppliedReadJudge().judge(keys),
            SessionJudge().judge(keys),
            LogJudge(statuses: recording.statuses).judge(keys),
            ListJudge().judge(keys),
            ConvergenceJudge().judge(keys, recording.finalReads),
        ]
        tally = Tally(recording.calls)
    }
}
