/// One key's calls as steps of a ``RegisterModel``: what the search for a linearization works on.
///
/// Of the reads those at `linearizable`. A write that was answered by 202 has its place in the queue by then, and every
/// barrier, and every write that begins later, comes behind it: so it counts as complete, though it is applied later.
struct RegisterHistory {
    private(set) var definite: [LinearizabilitySearch.Definite] = []
    private(set) var open: [LinearizabilitySearch.Open] = []
    let model: RegisterModel
    /// Calls that say different values of one version, or different versions of one value.
    private(set) var contradictions: [(Int, Int)] = []
    /// Values that some answer tells apart from others.
    private let distinguished: Set<RegisterModel.State>

    init(_ key: KeyHistory) {
        let values = Self.number(key)
        var versions: [RegisterModel.State: (version: UInt64, call: Int)] = [:]
        var owners: [UInt64: (value: RegisterModel.State, call: Int)] = [:]
        var seen: Set<RegisterModel.State> = []
        for (index, call) in key.calls.enumerated() {
            var said: (value: RegisterModel.State, version: UInt64)?
            switch (call.request, call.answer) {
            case (.get(let level), .value(let value, let version)):
                if level == .linearizable { values[value].map { _ = seen.insert($0) } }
                said = values[value].map { ($0, version) }
            case (.put(let value, _), _) where key.wasApplied(index) == true:
                if let version = key.version(ofCall: index) { said = values[value].map { ($0, version) } }
            default: break
            }
            guard let said else { continue }
            if let known = versions[said.value], known.version != said.version {
                contradictions.append((known.call, index))
            } else if let owner = owners[said.version], owner.value != said.value {
                contradictions.append((owner.call, index))
            } else {
                versions[said.value] = (said.version, index)
                owners[said.version] = (said.value, index)
            }
        }
        model = RegisterModel(versions: versions.mapValues(\.version))
        distinguished = seen.union(key.calls.compactMap { $0.versionMet.flatMap { owners[$0]?.value } })
        for (index, call) in key.calls.enumerated() {
            guard let step = Self.step(key, index, values) else { continue }
            if let completed = call.completed {
                definite.append(.init(step: step, start: call.invoked, end: completed, call: index))
            } else if key.wasApplied(index) != false {  // a refusal changes nothing, whenever it comes
                open.append(asOpen(.init(step: step, start: call.invoked, end: .max, call: index)))
            }
        }
    }

    /// The same call if nobody knew its outcome: it need not happen, so only its success matters, and a value that nobody
    /// could tell from another is any value.
    func asOpen(_ call: LinearizabilitySearch.Definite) -> LinearizabilitySearch.Open {
        let step: RegisterModel.Step =
            switch call.step {
            case .put(let value, let condition, _):
                .put(
                    distinguished.contains(value)
                        ? value : model.knowsVersion(of: value) ? RegisterModel.unnamed : RegisterModel.unseen,
                    condition, .held)
            case .delete(let condition, _): .delete(condition, .held)
            case let other: other
            }
        return .init(step: step, start: call.start, call: call.call)
    }

    private static func number(_ key: KeyHistory) -> [String: RegisterModel.State] {
        var values: [String: RegisterModel.State] = [:]
        for call in key.calls {
            let value: String? =
                switch (call.request, call.answer) {
                case (.put(let value, _), _): value
                case (_, .value(let value, _)): value
                default: nil
                }
            if let value, values[value] == nil { values[value] = RegisterModel.State(values.count + 1) }
        }
        return values
    }

    /// - Returns: `nil` for a call that says nothing here.
    private static func step(
        _ key: KeyHistory, _ index: Int, _ values: [String: RegisterModel.State]
    ) -> RegisterModel.Step? {
        let call = key.calls[index]
        if case .get(let level) = call.request, level != .linearizable { return nil }
        let condition = call.request.condition
        let met: RegisterModel.Met
        switch call.answer {
        case .value(let value, _): return .readValue(values[value] ?? RegisterModel.unseen)
        case .absent: return .readAbsent
        case .refused: return nil
        case .rejected(let current, _): return .rejected(condition, current: current)
        case .applied(.created, _, _), .applied(.nothingToDelete, _, _): met = .nothing
        case .applied(.replaced, _, _), .applied(.deleted, _, _): met = .value
        case .accepted, .unknown:
            switch key.wasApplied(index) {
            case true?: met = .held
            // Refused without a reason, or set aside: the log's judge says that, and here it is as if it had never been sent.
            case false? where condition == .none || key.statuses[index]?.state == .dead: return nil
            case false?: return .notHeld(condition)
            case nil: met = .unknown
            }
        }
        switch call.request {
        case .get: return nil
        case .put(let value, _): return .put(values[value] ?? RegisterModel.unseen, condition, met)
        case .delete: return .delete(condition, met)
        }
    }
}

extension Call {
    /// A version that decides whether its answer can be true.
    fileprivate var versionMet: UInt64? {
        if case .rejected(let current?, _) = answer { return current }
        if case .version(let version) = request.condition { return version }
        return nil
    }
}
