/// A promise that was broken, with the calls that show it.
package struct Violation: Sendable, Equatable, Encodable {
    /// Closed set; tests and scripts rely on the names.
    package enum Kind: String, Sendable, CaseIterable, Codable {
        // Linearizability
        case notLinearizable = "not-linearizable"
        case appliedReadBehind = "applied-read-behind"
        case versionMeansTwoThings = "version-means-two-things"
        // Sessions
        case readYourWrites = "read-your-writes"
        case monotonicReads = "monotonic-reads"
        case monotonicWrites = "monotonic-writes"
        case writesFollowReads = "writes-follow-reads"
        // The log
        case lostWrite = "lost-write"
        case doubledWrite = "doubled-write"
        case refusedWriteApplied = "refused-write-applied"
        case eventNobodyAskedFor = "event-nobody-asked-for"
        case wrongOutcome = "wrong-outcome"
        case preconditionIgnored = "precondition-ignored"
        case outOfOrder = "out-of-order"
        case readOfNothing = "read-of-nothing"
        case setAside = "set-aside"
        // Lists
        case lostAppend = "lost-append"
        case doubledAppend = "doubled-append"
        case strangeElement = "strange-element"
        case listChanged = "list-changed"
        // Rest
        case notConverged = "not-converged"
    }

    package var kind: Kind
    package var key: String
    /// A sentence for people.
    package var message: String
    /// As few as show it, in the order of invocation.
    package var calls: [Call]
    /// Lines of the log that show it.
    package var events: [Record.LoggedEvent]

    package init(
        _ kind: Kind, key: String, _ message: String, calls: [Call] = [], events: [Record.LoggedEvent] = []
    ) {
        self.kind = kind
        self.key = key
        self.message = message
        self.calls = calls.sorted { ($0.invoked, $0.id) < ($1.invoked, $1.id) }
        self.events = events
    }

    /// Several lines: what, where, and the evidence.
    package var text: String {
        let evidence =
            calls.map { "    \($0)" }
            + events.map { event in
                "    log    version \(event.version): \(event.kind.rawValue)"
                    + (event.value.map { " \(Request.short($0))" } ?? "")
                    + (event.command.map { ", command \($0)" } ?? "")
            }
        return (["\(kind.rawValue)  \(key)", "    \(message)"] + evidence).joined(separator: "\n")
    }
}
