/// Whether the log tells what the clients were told: every acknowledged command is exactly one event, every event belongs to
/// a command that somebody sent, each precondition held or failed where the log says so, and a key's events stand in the
/// order in which its writes were acknowledged.
struct LogJudge {
    /// Of commands, by id.
    let statuses: [String: Record.Status]

    func judge(_ keys: [KeyHistory]) -> Judgement {
        var judgement = Judgement("log", unit: "events")
        for key in keys {
            guard key.isLogComplete else {
                judgement.open.append("\(key.key): its log could not be read")
                continue
            }
            judgement.judged += key.events.count
            judgement.violations += LogReplay(key).violations
            judgement.violations += events(key) + anonymous(key) + order(key) + reads(key)
            for index in key.calls.indices { acknowledged(index, key, &judgement) }
        }
        return judgement
    }

    // MARK: - Events and their calls

    private func events(_ key: KeyHistory) -> [Violation] {
        key.eventsOfCall.sorted { $0.key < $1.key }.flatMap { index, events in
            let call = key.calls[index]
            let logged = events.map { key.events[$0] }
            var violations: [Violation] = []
            if events.count > 1 {
                violations.append(
                    Violation(
                        .doubledWrite, key: key.key, "One command is \(events.count) events.", calls: [call],
                        events: logged))
            }
            if case .refused = call.answer {
                violations.append(
                    Violation(
                        .refusedWriteApplied, key: key.key,
                        "The client was told that nothing was done, and the log has the write.", calls: [call],
                        events: logged))
            }
            return violations + logged.compactMap { wrongOutcome(call, $0) }
        }
    }

    private func wrongOutcome(_ call: Call, _ event: Record.LoggedEvent) -> Violation? {
        func violation(_ message: String) -> Violation {
            Violation(.wrongOutcome, key: call.key, message, calls: [call], events: [event])
        }
        switch (call.request, event.kind) {
        case (_, .rejected) where call.request.condition == .none:
            return violation("A write without a precondition was rejected.")
        case (_, .rejected): break
        case (.put(let value, _), .put) where event.value != value:
            return violation("The log has another value than was written.")
        case (.put, .put), (.delete, .deleted): break
        default: return violation("The log has another kind of event than was asked for.")
        }
        switch call.answer {
        case .applied(_, let version, _):
            if event.kind == .rejected { return violation("The client was told that the write was applied.") }
            if let version, version != event.version { return violation("The client was told another version.") }
        case .rejected:
            if event.kind != .rejected { return violation("The client was told that the precondition failed.") }
        default: break
        }
        return nil
    }

    /// Events that no answer names must be those of writes whose answers name none.
    private func anonymous(_ key: KeyHistory) -> [Violation] {
        let unmatched = key.calls.indices.filter { key.eventsOfCall[$0] == nil }
        let strangers = key.events.indices.filter { key.callOfEvent[$0] == nil }.map { key.events[$0] }
        let asked = strangers.filter { $0.kind == .deleted || $0.kind == .rejected }
        var violations = strangers.filter { $0.kind == .put || $0.kind == .expired }.map { event in
            Violation(
                .eventNobodyAskedFor, key: key.key, "No operation asked for this event.", events: [event])
        }
        for kind in [Record.LoggedEvent.Kind.deleted, .rejected] {
            let events = asked.filter { $0.kind == kind }
            let certain = unmatched.filter { key.calls[$0].isNameless(kind, certain: true) }
            let possible = unmatched.filter { key.calls[$0].isNameless(kind, certain: false) }
            if events.count > certain.count + possible.count {
                violations.append(
                    Violation(
                        .eventNobodyAskedFor, key: key.key,
                        "The log has \(events.count) events of kind \(kind.rawValue) that no answer names, and only "
                            + "\(certain.count + possible.count) operations can have caused them.",
                        calls: (certain + possible).map { key.calls[$0] }, events: events))
            } else if events.count < certain.count {
                violations.append(
                    Violation(
                        .lostWrite, key: key.key,
                        "\(certain.count) operations were acknowledged, and the log has events for \(events.count).",
                        calls: certain.map { key.calls[$0] }, events: events))
            }
        }
        return violations
    }

    // MARK: - Acknowledged commands

    private func acknowledged(_ index: Int, _ key: KeyHistory, _ judgement: inout Judgement) {
        let call = key.calls[index]
        let event = key.eventsOfCall[index]?.first.map { key.events[$0] }
        var mustHaveEvent = false
        switch call.answer {
        case .value, .absent, .refused, .unknown: break
        case .accepted: mustHaveEvent = true
        case .applied(_, let version, let command): mustHaveEvent = command != nil || version != nil
        case .rejected(_, let command): mustHaveEvent = command != nil
        }
        let status = key.statuses[index]
        if mustHaveEvent, event == nil {
            let isDead = status?.state == .dead
            judgement.violations.append(
                Violation(
                    isDead ? .setAside : .lostWrite, key: key.key,
                    isDead
                        ? "The write was acknowledged, and then set aside as a dead letter."
                        : "The write was acknowledged, and the log does not have it"
                            + (status.map { " (its command's status is \($0.state.rawValue))." } ?? "."),
                    calls: [call]))
        }
        if case .accepted = call.answer, status == nil {
            judgement.open.append("#\(call.id): the status of its command could not be asked for")
        }
        guard let status, let event else { return }
        let expected: Record.Status.State = event.kind == .rejected ? .rejected : .applied
        if status.state != expected || (expected == .applied && status.version ?? event.version != event.version) {
            judgement.violations.append(
                Violation(
                    .wrongOutcome, key: key.key,
                    "The command's status is \(status.state.rawValue)"
                        + (status.version.map { " with version \($0)" } ?? "") + ", and the log says something else.",
                    calls: [call], events: [event]))
        }
    }

    // MARK: - Order

    /// A write that was acknowledged before another was begun stands before it.
    private func order(_ key: KeyHistory) -> [Violation] {
        var latest: Int?
        for (event, index) in key.callOfEvent.enumerated() {
            guard let index, key.eventsOfCall[index]?.first == event else { continue }
            let call = key.calls[index]
            if let latest, let completed = call.completed, completed < key.calls[latest].invoked {
                return [
                    Violation(
                        .outOfOrder, key: key.key,
                        "#\(call.id) was acknowledged before #\(key.calls[latest].id) began, and stands behind it.",
                        calls: [call, key.calls[latest]],
                        events: [key.events[key.eventsOfCall[latest]![0]], key.events[event]])
                ]
            }
            if latest.map({ call.invoked > key.calls[$0].invoked }) ?? true { latest = index }
        }
        return []
    }

    /// Whatever its consistency, a read shows what somebody wrote, and not before they began to.
    private func reads(_ key: KeyHistory) -> [Violation] {
        let events = Dictionary(key.events.enumerated().map { ($1.version, $0) }) { first, _ in first }
        return key.calls.compactMap { call in
            guard case .value(let value, let version) = call.answer else { return nil }
            guard let index = events[version], key.events[index].kind == .put, key.events[index].value == value else {
                return Violation(
                    .readOfNothing, key: key.key, "The log has no such value at this version.", calls: [call],
                    events: events[version].map { [key.events[$0]] } ?? [])
            }
            if let writer = key.callOfEvent[index], let completed = call.completed,
                key.calls[writer].invoked > completed
            {
                return Violation(
                    .readOfNothing, key: key.key, "The value was read before it was written.",
                    calls: [call, key.calls[writer]])
            }
            return nil
        }
    }
}

extension Call {
    /// Whether it must (or may) have become an event of this kind that no answer names.
    fileprivate func isNameless(_ kind: Record.LoggedEvent.Kind, certain: Bool) -> Bool {
        switch (answer, request, kind) {
        case (.applied(_, nil, nil), .delete, .deleted): certain
        case (.rejected(_, nil), _, .rejected): certain
        case (.unknown(_, nil), .delete, .deleted): !certain
        case (.unknown(_, nil), _, .rejected): !certain && request.condition != .none
        default: false
        }
    }
}
