/// The few calls that show why a key's calls have no linearization.
///
/// First the shortest prefix in time that has none: its last completion could not be true. Then each call of the prefix is
/// taken back as far as it may (a read is forgotten, a write becomes one of unknown outcome), which can only make more orders
/// possible; what can't be taken back is the evidence, and a write that a remaining read names belongs to it.
struct LinearizabilityEvidence {
    private(set) var calls: [Int]
    let culprit: Int

    /// Stops taking back after so many searches: evidence need not be minimal.
    private static let mostSearches = 2_000

    /// - Precondition: `history` is not linearizable.
    init(_ history: RegisterHistory, budget: Int) {
        func fails(_ definite: [LinearizabilitySearch.Definite], _ open: [LinearizabilitySearch.Open]) -> Bool {
            LinearizabilitySearch(history.model, definite: definite, open: open).run(budget: budget).result
                == .notLinearizable
        }
        func prefix(through end: Int64) -> ([LinearizabilitySearch.Definite], [LinearizabilitySearch.Open]) {
            let cut = history.definite.filter { $0.end > end && $0.start <= end && $0.step.isWrite }
            return (
                history.definite.filter { $0.end <= end },
                history.open.filter { $0.start <= end } + cut.map(history.asOpen)
            )
        }
        let ends = history.definite.map(\.end).sorted()
        var (low, high) = (0, ends.count - 1)
        while low < high {
            let middle = (low + high) / 2
            let (definite, open) = prefix(through: ends[middle])
            if fails(definite, open) { high = middle } else { low = middle + 1 }
        }
        var (kept, open) = prefix(through: ends[high])
        culprit = kept.first { $0.end == ends[high] }?.call ?? history.definite[0].call

        var searches = 0
        var size = max(1, kept.count / 2)
        while searches < Self.mostSearches {
            var index = 0
            while index < kept.count, searches < Self.mostSearches {
                let chunk = kept[index..<min(index + size, kept.count)]
                let rest = Array(kept[..<index] + kept[chunk.endIndex...])
                let weakened = open + chunk.filter(\.step.isWrite).map(history.asOpen)
                searches += 1
                if fails(rest, weakened) {
                    (kept, open) = (rest, weakened)
                } else {
                    index += size
                }
            }
            if size == 1 { break }
            size /= 2
        }
        // A write that was read belongs to the evidence, though nothing need be known of its own answer.
        let named = Set(kept.compactMap { $0.step.valueRead })
        let sources = open.filter { $0.step.valueWritten.map(named.contains) ?? false }
        calls = Array(Set(kept.map(\.call) + sources.map(\.call)))
    }
}

extension RegisterModel.Step {
    /// Whether it may change the state.
    fileprivate var isWrite: Bool {
        switch self {
        case .put, .delete: true
        case .readValue, .readAbsent, .rejected, .notHeld: false
        }
    }

    fileprivate var valueRead: RegisterModel.State? { if case .readValue(let value) = self { value } else { nil } }
    fileprivate var valueWritten: RegisterModel.State? { if case .put(let value, _, _) = self { value } else { nil } }
}
