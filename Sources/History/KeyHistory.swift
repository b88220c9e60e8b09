/// What is known of one key: its calls, and its log with the call that each event belongs to.
///
/// An event belongs to the call whose answer named its command; else to the put that wrote its value, since values are
/// written once; else to the delete whose answer gave its version. What is left are events of deletes and refusals that no
/// answer tells apart; ``LogJudge`` counts those.
struct KeyHistory {
    let key: String
    /// In the order of invocation.
    let calls: [Call]
    /// In the order of the log.
    let events: [Record.LoggedEvent]
    /// Whether `events` is the whole log.
    let isLogComplete: Bool
    /// Of `events`, by index: the index in `calls`.
    private(set) var callOfEvent: [Int?]
    /// Of `calls`, by index: the indices of its events; more than one is a doubled write.
    private(set) var eventsOfCall: [Int: [Int]] = [:]
    /// Of `calls`, by index: what the cluster says of its command.
    let statuses: [Int: Record.Status]

    init(
        key: String, calls: [Call], events: [Record.LoggedEvent], isLogComplete: Bool, statuses: [String: Record.Status]
    ) {
        self.key = key
        self.calls = calls.sorted { ($0.invoked, $0.id) < ($1.invoked, $1.id) }
        self.events = events
        self.isLogComplete = isLogComplete
        var byCommand: [String: Int] = [:]
        var byValue: [String: Int] = [:]
        var byVersion: [UInt64: Int] = [:]
        var found: [Int: Record.Status] = [:]
        for (index, call) in self.calls.enumerated() {
            if let command = call.command {
                byCommand[command] = index
                found[index] = statuses[command]
            }
            if case .put(let value, _) = call.request { byValue[value] = index }
            if case .applied(_, let version?, nil) = call.answer { byVersion[version] = index }
        }
        self.statuses = found
        callOfEvent = events.map { event in
            if let call = event.command.flatMap({ byCommand[$0] }) { return call }
            if event.kind == .put { return event.value.flatMap { byValue[$0] } }
            return event.kind == .deleted ? byVersion[event.version] : nil
        }
        for (event, call) in callOfEvent.enumerated() {
            if let call { eventsOfCall[call, default: []].append(event) }
        }
    }

    static func split(_ recording: Recording) -> [KeyHistory] {
        let calls = Dictionary(grouping: recording.calls, by: \.key)
        return recording.keys.map { key in
            KeyHistory(
                key: key, calls: calls[key, default: []], events: recording.events[key, default: []],
                isLogComplete: recording.completeLogs.contains(key), statuses: recording.statuses)
        }
    }

    /// The version of the event that a write became, from its answer, its status, or the log; `nil` when none of them knows.
    func version(ofCall index: Int) -> UInt64? {
        if case .applied(_, let version?, _) = calls[index].answer { return version }
        return eventsOfCall[index]?.first.map { events[$0].version } ?? statuses[index]?.version
    }

    /// Whether a write changed the key; `nil`: not known.
    func wasApplied(_ index: Int) -> Bool? {
        switch calls[index].answer {
        case .applied: return true
        case .rejected, .refused: return false
        case .value, .absent: return nil
        case .accepted, .unknown:
            switch statuses[index]?.state {
            case .applied: return true
            case .rejected, .dead: return false
            case .pending, .neverIssued, nil: break
            }
            return eventsOfCall[index]?.first.map { events[$0].kind != .rejected }
        }
    }

    /// The states that the key went through, as far as its log tells.
    var states: KeyStates { KeyStates(events) }
}
