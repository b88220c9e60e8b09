import TidemarkClient

/// What an import did.
struct ImportSummary: Encodable, Equatable {
    /// In this run.
    var records: Int
    /// Of values, in this run.
    var bytes: UInt64
    var seconds: Double
    var recordsPerSecond: Double
    /// Lines that were refused, in all runs.
    var failed: Int
    /// Records that an earlier run of this import had done.
    var earlierRecords: Int

    private enum CodingKeys: String, CodingKey {
        case records, bytes, seconds, failed
        case recordsPerSecond = "records_per_second"
        case earlierRecords = "earlier_records"
    }

    init(_ state: ImportState, since earlier: ImportState, duration: Duration) {
        records = state.records - earlier.records
        bytes = state.bytes - earlier.bytes
        seconds = duration / .seconds(1)
        recordsPerSecond = seconds > 0 ? Double(records) / seconds : 0
        failed = state.failed
        earlierRecords = earlier.records
    }

    var text: String {
        var parts = [
            "\(Figures.count(records)) records, \(Figures.bytes(bytes)), all applied in \(Figures.fixed(seconds, 1)) s",
            "\(Figures.count(Int(recordsPerSecond))) records/s",
        ]
        if earlierRecords > 0 { parts.append("\(Figures.count(earlierRecords)) records before") }
        if failed > 0 { parts.append("\(Figures.count(failed)) lines refused") }
        return parts.joined(separator: "; ")
    }
}
