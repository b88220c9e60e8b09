import Foundation

/// A comparison as a table: for a terminal, for a document, for a program.
extension Comparison {
    private static let head = [
        "policy", "node-hours", "requests late, refused or failed", "of these refused or failed",
        "seconds with more than the budget", "seconds of too much lag", "longest lag", "steps", "reversals",
    ]

    private var cells: [[String]] {
        rows.map { row in
            let score = row.score
            return [
                row.contender.rawValue, fixed(score.nodeHours, 1), percent(score.bad), percent(score.lost),
                "\(score.badSeconds)", "\(score.lagSeconds)", "\(fixed(score.longestLag, 0)) s", "\(score.steps)",
                "\(score.reversals)",
            ]
        }
    }

    /// Columns of even width.
    package var text: String {
        let head = ["policy", "node-hours", "bad", "lost", "bad s", "lag s", "longest lag", "steps", "reversals"]
        let lines = [head] + cells
        let widths = head.indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
        return "\(trace.name), \(trace.seconds) s\n"
            + lines.map { line in
                line.enumerated().map { column, cell in
                    let padding = String(repeating: " ", count: widths[column] - cell.count)
                    return column == 0 ? cell + padding : padding + cell
                }.joined(separator: "  ") + "\n"
            }.joined()
    }

    /// Each change with its reason, a line for each.
    package var stepsText: String {
        rows.flatMap { row in
            row.course.steps.map {
                "\(row.contender.rawValue) at \(Int($0.at)) s: \($0.role.rawValue)s \($0.from) → \($0.to), \($0.reason)\n"
            }
        }.joined()
    }

    package var markdown: String {
        let lines = [Self.head, Array(repeating: "---", count: Self.head.count)] + cells
        return "**\(trace.name)**\n\n" + lines.map { "| \($0.joined(separator: " | ")) |\n" }.joined()
    }

    package static let csvHead =
        "trace,policy,node_hours,bad,lost,bad_seconds,lag_seconds,longest_lag_seconds,steps,reversals"

    package var csv: String {
        rows.map { row in
            let score = row.score
            let figures: [String] = [
                fixed(score.nodeHours, 3), fixed(score.bad, 6), fixed(score.lost, 6), "\(score.badSeconds)",
                "\(score.lagSeconds)", fixed(score.longestLag, 1), "\(score.steps)", "\(score.reversals)",
            ]
            return "\(trace.name),\(row.contender.rawValue),\(figures.joined(separator: ","))\n"
        }.joined()
    }

    private func fixed(_ number: Double, _ places: Int) -> String { String(format: "%.\(places)f", number) }

    private func percent(_ share: Double) -> String {
        // What isn't nothing must not look like nothing; less than one in a thousand million is.
        share > 1e-9 && share < 0.000_05 ? "< 0.01 %" : "\(fixed(share * 100, 2)) %"
    }
}
