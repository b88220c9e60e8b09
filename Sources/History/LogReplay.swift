/// Goes through a key's log from the beginning: versions ascend, and each precondition held, or failed, on the state that
/// its write met.
struct LogReplay {
    private(set) var violations: [Violation] = []

    init(_ key: KeyHistory) {
        var current: UInt64?
        var last: Record.LoggedEvent?
        for (index, event) in key.events.enumerated() {
            if let last, last.version >= event.version {
                violations.append(
                    Violation(
                        .versionMeansTwoThings, key: key.key, "Versions in a log ascend.", events: [last, event]))
            }
            last = event
            if let call = key.callOfEvent[index].map({ key.calls[$0] }) {
                if call.request.condition.holds(current) == (event.kind == .rejected) {
                    violations.append(
                        Violation(
                            .preconditionIgnored, key: key.key,
                            "The key \(current.map { "was at version \($0)" } ?? "had no value") when the write's turn "
                                + "came, so it should have been \(event.kind == .rejected ? "applied" : "rejected").",
                            calls: [call], events: [event]))
                }
                if let problem = Self.contradiction(call.answer, met: current) {
                    violations.append(
                        Violation(.wrongOutcome, key: key.key, problem, calls: [call], events: [event]))
                }
            }
            switch event.kind {
            case .put: current = event.version
            case .deleted, .expired: current = nil
            case .rejected: break
            }
        }
    }

    private static func contradiction(_ answer: Answer, met current: UInt64?) -> String? {
        switch answer {
        case .applied(.created, _, _), .applied(.nothingToDelete, _, _):
            current.map { "The client was told that there was no value before, and there was version \($0)." }
        case .applied(.replaced, _, _), .applied(.deleted, _, _):
            current == nil ? "The client was told that there was a value before, and there was none." : nil
        case .rejected(let told, _):
            told == current ? nil : "The client was told another version than the precondition met."
        default: nil
        }
    }
}

extension Condition {
    fileprivate func holds(_ current: UInt64?) -> Bool {
        switch self {
        case .none: true
        case .exists: current != nil
        case .absent: current == nil
        case .version(let version): current == version
        }
    }
}
