package import Logging

/// The names under which lines of the log are found across processes; nginx's log has the same.
package enum LogName {
    package static let request = "request_id"
    package static let command = "command_id"
    package static let trace = "trace_id"
    package static let span = "span_id"
    /// How many lines like this one were left out before it.
    package static let leftOut = "left_out"
}

extension Logger.Metadata {
    package mutating func add(_ trace: TraceParent) {
        self[LogName.trace] = "\(trace.traceID)"
        self[LogName.span] = "\(trace.parentID)"
    }

    /// Of a line that tells of a command.
    package init(_ command: Command) {
        self = [LogName.command: "\(command.id)"]
        if let trace = command.traceparent.flatMap(TraceParent.init) { add(trace) }
    }
}
