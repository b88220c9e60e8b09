/// Whether lists have every element that was appended, once, and only ever grew.
///
/// A list is its elements with commas between; an append writes the list it read with one more element, if it is unchanged.
struct ListJudge {
    func judge(_ keys: [KeyHistory]) -> Judgement {
        var judgement = Judgement("lists", unit: "appends")
        for key in keys where key.calls.contains(where: { $0.workload == .list }) { judge(key, &judgement) }
        return judgement
    }

    /// What an append adds.
    package static func element(of list: String) -> Substring { list.split(separator: ",").last ?? "" }

    private func judge(_ key: KeyHistory, _ judgement: inout Judgement) {
        guard key.isLogComplete else {
            judgement.open.append("\(key.key): without its log it is not known what the list came to")
            return
        }
        let last = key.events.last { $0.kind == .put }
        let list = (last?.value ?? "").split(separator: ",")
        var places: [Substring: Int] = [:]
        for (place, element) in list.enumerated() {
            if places.updateValue(place, forKey: element) != nil {
                let calls = key.calls.filter { $0.appended == element }
                judgement.violations.append(
                    Violation(
                        .doubledAppend, key: key.key, "The element \(element) is in the list twice.", calls: calls,
                        events: last.map { [$0] } ?? []))
            }
        }
        var appended: Set<Substring> = []
        for (index, call) in key.calls.enumerated() {
            if let element = call.appended {
                judgement.judged += 1
                appended.insert(element)
                check(index, call, element, isThere: places[element] != nil, key, last, &judgement)
            } else if case .value(let seen, _) = call.answer, !list.starts(with: seen.split(separator: ",")) {
                judgement.violations.append(
                    Violation(
                        .listChanged, key: key.key,
                        "A list only grows, so what was read must be how the list at the end begins.", calls: [call],
                        events: last.map { [$0] } ?? []))
            }
        }
        if let stranger = list.first(where: { !appended.contains($0) }) {
            judgement.violations.append(
                Violation(
                    .strangeElement, key: key.key, "Nobody appended the element \(stranger).",
                    events: last.map { [$0] } ?? []))
        }
    }

    private func check(
        _ index: Int, _ call: Call, _ element: Substring, isThere: Bool, _ key: KeyHistory,
        _ last: Record.LoggedEvent?, _ judgement: inout Judgement
    ) {
        switch key.wasApplied(index) {
        case true? where !isThere:
            judgement.violations.append(
                Violation(
                    .lostAppend, key: key.key, "The element \(element) was appended, and is not in the list.",
                    calls: [call], events: last.map { [$0] } ?? []))
        case false? where isThere:
            judgement.violations.append(
                Violation(
                    .strangeElement, key: key.key, "The element \(element) was not appended, and is in the list.",
                    calls: [call], events: last.map { [$0] } ?? []))
        default: break
        }
    }
}

extension Call {
    fileprivate var appended: Substring? {
        if case .put(let list, _) = request { ListJudge.element(of: list) } else { nil }
    }
}
