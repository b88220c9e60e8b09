import Audit
import Commands

/// What a verification found, for people and for programs.
struct AuditReport: Encodable {
    struct Row: Encodable {
        var partition: Int
        var size: UInt64
        var events: UInt64
        var right: Bool
    }

    struct Finding: Encodable {
        var partition: Int
        var sequence: UInt64
        var table: String
        /// Several where it can't be told which.
        var fields: [String]
        var key: String?
        var detail: String
    }

    var result: String
    var events: UInt64
    var projectionRows: UInt64
    var seconds: Double
    var eventsPerSecond: Int
    var partitions: [Row]
    var divergences: [Finding]

    private enum CodingKeys: String, CodingKey {
        case result, events, seconds, partitions, divergences
        case projectionRows = "projection_rows"
        case eventsPerSecond = "events_per_second"
    }

    /// Not printed as JSON.
    private var sentences: [String]

    init(_ report: VerificationReport, seconds: Double) {
        result = report.divergences.isEmpty ? "right" : "wrong"
        events = report.events
        projectionRows = report.projected
        self.seconds = seconds
        eventsPerSecond = seconds > 0 ? Int(Double(report.events) / seconds) : 0
        partitions = report.rows.map {
            Row(partition: $0.partition.number, size: $0.size, events: $0.events, right: $0.divergence == nil)
        }
        divergences = report.divergences.map {
            Finding(
                partition: $0.partition.number, sequence: $0.sequence, table: $0.table.rawValue, fields: $0.fields,
                key: $0.key, detail: $0.detail)
        }
        sentences = report.divergences.map(\.sentence)
    }

    var text: String {
        let figures =
            "\(Figures.count(Int(events))) events in \(partitions.count) partitions and \(Figures.count(Int(projectionRows))) "
            + "keys of the projection, \(Figures.fixed(seconds, 1)) s, \(Figures.count(eventsPerSecond)) events/s"
        if sentences.isEmpty { return "RIGHT: \(figures)" }
        return (sentences + ["WRONG: the log, its trees and the projection don't agree; \(figures)"])
            .joined(separator: "\n")
    }
}
