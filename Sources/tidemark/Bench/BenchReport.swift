import Histogram

/// What a phase measured, a row for each kind of operation.
struct BenchReport: Sendable, Encodable, Equatable {
    struct Row: Sendable, Encodable, Equatable {
        var operation: String
        var count: Int
        var perSecond: Double
        /// Latencies in microseconds.
        var mean: Double
        var p50: UInt64
        var p95: UInt64
        var p99: UInt64
        var p999: UInt64
        var max: UInt64
        var errors: Int
        /// Of the errors: answered with 429 or 503.
        var refused: Int
        var refusedP99: UInt64
        var absent: Int

        private enum CodingKeys: String, CodingKey {
            case operation, count, mean, p50, p95, p99, p999, max, errors, refused, absent
            case perSecond = "per_second"
            case refusedP99 = "refused_p99"
        }
    }

    var phase: String
    var seconds: Double
    var rows: [Row]
    /// The first error met, to tell what is wrong.
    var firstError: String?

    private enum CodingKeys: String, CodingKey {
        case phase, seconds, rows
        case firstError = "first_error"
    }

    init(phase: String, seconds: Double, records: [(String, LatencyRecord)], firstError: String? = nil) {
        self.phase = phase
        self.seconds = seconds
        self.firstError = firstError
        rows = records.map { name, record in
            let histogram = record.histogram
            let count = Int(histogram.totalCount)
            return Row(
                operation: name, count: count, perSecond: seconds > 0 ? Double(count) / seconds : 0,
                mean: count > 0 ? histogram.mean : 0, p50: histogram.valueAtPercentile(50),
                p95: histogram.valueAtPercentile(95), p99: histogram.valueAtPercentile(99),
                p999: histogram.valueAtPercentile(99.9), max: count > 0 ? histogram.max : 0, errors: record.errors,
                refused: Int(record.refusals.totalCount), refusedP99: record.refusals.valueAtPercentile(99),
                absent: record.absent)
        }
    }

    var text: String {
        let head = [
            "operation", "count", "ops/s", "mean ms", "p50", "p95", "p99", "p99.9", "max", "errors", "refused",
            "their p99",
            "absent",
        ]
        func milliseconds(_ value: UInt64) -> String { Figures.fixed(Double(value) / 1_000, 3) }
        let lines = rows.map { row in
            [
                row.operation, Figures.count(row.count), Figures.count(Int(row.perSecond)),
                Figures.fixed(row.mean / 1_000, 3), milliseconds(row.p50), milliseconds(row.p95), milliseconds(row.p99),
                milliseconds(row.p999), milliseconds(row.max), Figures.count(row.errors), Figures.count(row.refused),
                milliseconds(row.refusedP99), Figures.count(row.absent),
            ]
        }
        let table = [head] + lines
        let widths = head.indices.map { column in table.map { $0[column].count }.max() ?? 0 }
        let body = table.map { line in
            line.enumerated().map { column, cell in
                let padding = String(repeating: " ", count: widths[column] - cell.count)
                return column == 0 ? cell + padding : padding + cell
            }.joined(separator: "  ")
        }
        let title = "\(phase): \(Figures.fixed(seconds, 2)) s"
        return ([title] + body + (firstError.map { ["first error: \($0)"] } ?? [])).joined(separator: "\n")
    }
}
