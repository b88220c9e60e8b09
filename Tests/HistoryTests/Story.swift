@testable import History

/// A recording told call by call, for tests.
struct Story {
    private(set) var recording = Recording(
        start: .init(prefix: "t", urls: ["http://one", "http://two"], seed: 0, clients: 4))

    /// - Parameter from: and `to`: the time of the call; `to` is `nil` when no answer came.
    mutating func call(
        _ request: Request, _ from: Int64, _ to: Int64?, _ answer: Answer, key: String = "k", process: Int = 0,
        session: Int? = nil, _ workload: Scenario = .register
    ) {
        recording.add(
            .call(
                Call(
                    id: recording.calls.count, process: process, session: session, workload: workload, key: key,
                    request: request, invoked: from, completed: to, answer: answer)))
    }

    /// A put that was applied while the client waited.
    mutating func put(
        _ value: String, _ from: Int64, _ to: Int64, _ version: UInt64, replaces: Bool = false,
        if condition: Condition = .none, key: String = "k", session: Int? = nil, _ workload: Scenario = .register
    ) {
        call(
            .put(value, condition), from, to,
            .applied(replaces ? .replaced : .created, version: version, command: "c-\(value)"), key: key,
            session: session, workload)
    }

    mutating func get(
        _ level: ReadLevel, _ from: Int64, _ to: Int64, _ value: String?, _ version: UInt64 = 0, key: String = "k",
        session: Int? = nil, _ workload: Scenario = .register
    ) {
        call(
            .get(level), from, to, value.map { .value($0, version: version) } ?? .absent, key: key, session: session,
            workload)
    }

    /// The log of a key, whole.
    mutating func log(
        _ events: [(UInt64, Record.LoggedEvent.Kind, command: String?, value: String?)], key: String = "k"
    ) {
        for event in events {
            recording.add(
                .event(.init(key: key, version: event.0, kind: event.1, command: event.command, value: event.value)))
        }
        recording.add(.log(.init(key: key, events: events.count)))
    }

    mutating func status(_ command: String, _ state: Record.Status.State, _ version: UInt64? = nil) {
        recording.add(.status(.init(command: command, state: state, version: version)))
    }

    mutating func final(_ value: String?, _ version: UInt64?, gateway: Int = 0, key: String = "k") {
        recording.add(.final(.init(key: key, gateway: gateway, level: .applied, value: value, version: version)))
    }

    var verdict: Verdict { Verdict(of: recording) }
    var kinds: Set<Violation.Kind> { Set(verdict.violations.map(\.kind)) }

    static func kinds(_ tell: (inout Story) -> Void) -> Set<Violation.Kind> {
        var story = Story()
        tell(&story)
        return story.kinds
    }
}
