import History

/// How long a client was without an answer.
enum Outage {
    /// The longest time in which any of these processes got no answer that says what happened, from its first call to its last.
    static func longest(of processes: [Int], in calls: [Call]) -> Duration {
        let longest =
            processes.map { process -> Int64 in
                let mine = calls.filter { $0.process == process }
                var last = mine.first?.invoked ?? 0
                var longest: Int64 = 0
                let answers = mine.filter(\.isAnswered).compactMap(\.completed).sorted()
                for answer in answers + [mine.map(\.invoked).max() ?? 0] {
                    longest = max(longest, answer - last)
                    last = answer
                }
                return longest
            }.max() ?? 0
        return .nanoseconds(longest)
    }
}

extension Call {
    fileprivate var isAnswered: Bool {
        switch answer {
        case .value, .absent, .accepted, .applied, .rejected: true
        case .refused, .unknown: false
        }
    }
}
