/// How many calls there were, of which kind.
package struct Tally: Sendable, Equatable {
    package struct Row: Sendable, Equatable, Encodable {
        package var workload: Scenario
        package var call: String
        package var calls = 0
        /// The answer says what happened.
        package var answered = 0
        /// Among them, preconditions that did not hold.
        package var rejected = 0
        package var refused = 0
        package var unknown = 0
    }

    /// By workload, in its order, then by kind of call.
    package private(set) var rows: [Row] = []

    package init(_ calls: [Call]) {
        struct Name: Hashable {
            var workload: Scenario
            var call: String
        }
        var found: [Name: Row] = [:]
        for call in calls {
            let name = Name(workload: call.workload, call: call.request.name)
            var row = found[name] ?? Row(workload: name.workload, call: name.call)
            row.calls += 1
            switch call.answer {
            case .value, .absent, .accepted, .applied: row.answered += 1
            case .rejected:
                row.answered += 1
                row.rejected += 1
            case .refused: row.refused += 1
            case .unknown: row.unknown += 1
            }
            found[name] = row
        }
        for workload in Scenario.allCases {
            rows += found.values.filter { $0.workload == workload }.sorted { $0.call < $1.call }
        }
    }

    package var calls: Int { rows.reduce(0) { $0 + $1.calls } }
    /// Calls with an outcome: what there is to judge.
    package var informative: Int { rows.reduce(0) { $0 + $1.answered } }

    /// - Parameter call: as rows have it: `get applied`, `put`, `put if-version`.
    package func answered(_ workload: Scenario, _ call: String) -> Int {
        rows.first { $0.workload == workload && $0.call == call }?.answered ?? 0
    }
}

extension Request {
    /// A small closed set of names.
    package var name: String {
        switch self {
        case .get(let level): "get \(level.rawValue)"
        case .put(_, let condition): "put\(condition.suffix)"
        case .delete(let condition): "delete\(condition.suffix)"
        }
    }
}

extension Condition {
    fileprivate var suffix: String {
        switch self {
        case .none: ""
        case .exists: " if-exists"
        case .absent: " if-absent"
        case .version: " if-version"
        }
    }
}
