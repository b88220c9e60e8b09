/// Whether each key by itself behaved as one register. Linearizability is local (Herlihy and Wing 1990): keys that are each
/// linearizable are so together.
package struct LinearizabilityJudge {
    /// Configurations of the search, for each key; a few hundred bytes each.
    package static let defaultBudget = 500_000

    private let budget: Int

    init(budget: Int) { self.budget = budget }

    func judge(_ keys: [KeyHistory]) -> Judgement {
        var judgement = Judgement("linearizability", unit: "operations")
        for key in keys { judgement.add(judge(key)) }
        return judgement
    }

    private func judge(_ key: KeyHistory) -> Judgement {
        var judgement = Judgement("", unit: "")
        let history = RegisterHistory(key)
        if let (first, second) = history.contradictions.first {
            judgement.violations.append(
                Violation(
                    .versionMeansTwoThings, key: key.key,
                    "A version names one value for ever, and a value that was written once has one version.",
                    calls: [key.calls[first], key.calls[second]]))
        }
        judgement.judged = history.definite.count + history.open.count
        let search = LinearizabilitySearch(history.model, definite: history.definite, open: history.open)
        switch search.run(budget: budget).result {
        case .linearizable: break
        case .notLinearizable: judgement.violations.append(violation(key, history))
        case .budgetExceeded:
            judgement.open.append(
                "\(key.key): too many operations overlapped to find out whether they are linearizable "
                    + "(\(budget) states searched); a larger --budget, or fewer clients a key, may tell")
        }
        return judgement
    }

    private func violation(_ key: KeyHistory, _ history: RegisterHistory) -> Violation {
        let evidence = LinearizabilityEvidence(history, budget: budget)
        return Violation(
            .notLinearizable, key: key.key,
            "No order of these operations, each between its beginning and its end, explains what they answered. "
                + "The answer of #\(key.calls[evidence.culprit].id) was the first that could not be true.",
            calls: evidence.calls.map { key.calls[$0] })
    }
}
