/// Whether reads at `applied` and `linearizable` came in the order of the log: none shows less than what was applied when
/// it began, as far as an answer that came before says so. With the log as the order nothing need be searched.
struct AppliedReadJudge {
    /// The least state that a read may show, and the call that showed or made it.
    private struct Floor {
        var version: UInt64 = 0
        var call: Int?
    }

    func judge(_ keys: [KeyHistory]) -> Judgement {
        var judgement = Judgement("applied reads", unit: "reads")
        for key in keys where key.calls.contains(where: { $0.request == .get(.applied) }) {
            guard key.isLogComplete else {
                judgement.open.append("\(key.key): its log was not read, so applied reads can't be placed in it")
                continue
            }
            judge(key, &judgement)
        }
        return judgement
    }

    private func judge(_ key: KeyHistory, _ judgement: inout Judgement) {
        let states = key.states
        var floor = Floor()
        var position: [Int: UInt64] = [:]
        // Calls are in the order of invocation; what they prove counts from their completion on.
        let ending = key.calls.indices.sorted { (key.calls[$0].completed ?? .max) < (key.calls[$1].completed ?? .max) }
        var proven = 0
        for index in key.calls.indices {
            let call = key.calls[index]
            while proven < ending.count, let completed = key.calls[ending[proven]].completed, completed < call.invoked {
                if let version = position[ending[proven]], version > floor.version {
                    floor = Floor(version: version, call: ending[proven])
                }
                proven += 1
            }
            switch (call.request, call.answer) {
            case (.get(.applied), _), (.get(.linearizable), _):
                position[index] = place(index, key, states, floor, &judgement)
            case (_, .applied): position[index] = key.version(ofCall: index)
            case (_, .rejected(let current?, _)): position[index] = current
            default: break
            }
        }
    }

    private func place(
        _ index: Int, _ key: KeyHistory, _ states: KeyStates, _ floor: Floor, _ judgement: inout Judgement
    ) -> UInt64? {
        let call = key.calls[index]
        let position: UInt64?
        switch call.answer {
        case .value(_, let version): position = version >= states.inForce(at: floor.version) ? version : nil
        case .absent: position = states.firstAbsence(from: floor.version)
        default: return nil
        }
        judgement.judged += 1
        if position == nil {
            judgement.violations.append(
                Violation(
                    .appliedReadBehind, key: key.key,
                    "#\(call.id) shows less than was applied before it began: the key was at version "
                        + "\(floor.version) already.",
                    calls: [floor.call.map { key.calls[$0] }, call].compactMap { $0 }))
        }
        return position
    }
}
