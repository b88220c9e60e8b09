/// All that was recorded of one run.
package struct Recording: Sendable, Equatable {
    package var start: Record.Start
    package var calls: [Call] = []
    /// By command id.
    package var statuses: [String: Record.Status] = [:]
    package var events: [String: [Record.LoggedEvent]] = [:]
    /// Keys whose events are all there.
    package var completeLogs: Set<String> = []
    package var finalReads: [Record.FinalRead] = []

    package init(start: Record.Start) { self.start = start }

    /// Keys that were used, in order.
    package var keys: [String] { Set(calls.lazy.map(\.key)).union(events.keys).sorted() }

    package mutating func add(_ record: Record) {
        switch record {
        case .start(let start): self.start = start
        case .call(let call): calls.append(call)
        case .status(let status): statuses[status.command] = status
        case .event(let event): events[event.key, default: []].append(event)
        case .log(let end):
            if events[end.key, default: []].count == end.events { completeLogs.insert(end.key) }
        case .final(let read): finalReads.append(read)
        }
    }

    /// What a file of it has, in order.
    package var records: [Record] {
        var records: [Record] = [.start(start)] + calls.map(Record.call)
        records += statuses.values.sorted { $0.command < $1.command }.map(Record.status)
        for key in Set(events.keys).union(completeLogs).sorted() {
            let log = events[key, default: []]
            records += log.map(Record.event)
            if completeLogs.contains(key) { records.append(.log(.init(key: key, events: log.count))) }
        }
        return records + finalReads.map(Record.final)
    }
}
