@testable import History

/// Tries every order of every subset that holds all calls with an outcome: slow, and too plain to be wrong.
struct BruteForce {
    private let calls: [Call]
    /// What the recording says of a value's version; the first to say so counts.
    private var versions: [String: UInt64] = [:]

    init(_ calls: [Call]) {
        self.calls = calls.sorted { ($0.invoked, $0.id) < ($1.invoked, $1.id) }
        for call in self.calls {
            switch (call.request, call.answer) {
            case (_, .value(let value, let version)): note(value, version)
            case (.put(let value, _), .applied(_, let version?, _)): note(value, version)
            default: break
            }
        }
    }

    private mutating func note(_ value: String, _ version: UInt64) {
        if versions[value] == nil, !versions.values.contains(version) { versions[value] = version }
    }

    var isLinearizable: Bool { explains(nil, Array(calls)) }

    private func explains(_ state: String?, _ left: [Call]) -> Bool {
        if left.allSatisfy(\.isOpen) { return true }
        return left.indices.contains { index in
            let call = left[index]
            // Nothing that ended before this one began may still be left.
            if left.contains(where: { ($0.completed ?? .max) < call.invoked }) { return false }
            var rest = left
            rest.remove(at: index)
            return outcomes(state, call).contains { explains($0, rest) }
        }
    }

    private func outcomes(_ state: String?, _ call: Call) -> [String?] {
        var new: String?
        switch call.request {
        case .get:
            if case .value(let value, _) = call.answer { return state == value ? [state] : [] }
            return state == nil ? [nil] : []
        case .put(let value, _): new = value
        case .delete: new = nil
        }
        var answers: [String?] = []
        for holds in holds(call.request.condition, state) {
            switch call.answer {
            case .applied(.created, _, _), .applied(.nothingToDelete, _, _):
                if holds, state == nil { answers.append(new) }
            case .applied: if holds, state != nil { answers.append(new) }
            case .rejected(nil, _): if !holds, state == nil { answers.append(state) }
            case .rejected(let current?, _):
                if !holds, state != nil, self.holds(.version(current), state).contains(true) { answers.append(state) }
            case .accepted, .unknown: answers.append(holds ? new : state)
            case .value, .absent, .refused: break
            }
        }
        return answers
    }

    /// Both, when nobody knows.
    private func holds(_ condition: Condition, _ state: String?) -> [Bool] {
        switch condition {
        case .none: return [true]
        case .exists: return [state != nil]
        case .absent: return [state == nil]
        case .version(let version):
            guard let state else { return [false] }
            if let known = versions[state] { return [known == version] }
            return versions.values.contains(version) ? [false] : [true, false]
        }
    }
}
