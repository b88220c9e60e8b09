import History

/// What a check found, for people and for programs.
struct CheckReport: Encodable {
    var result: Verdict.Result
    var operations: Int
    var keys: Int
    var prefix: String
    var urls: [String]
    var seed: UInt64
    var clients: Int
    var tally: [Tally.Row]
    var judgements: [Judgement]
    var violations: Int
    /// What could not be judged.
    var open: [String]
    var history: String?

    /// Of each kind of violation; the rest is counted.
    private static let shownOfKind = 3

    init(_ recording: Recording, _ verdict: Verdict, file: String?) {
        result = verdict.result
        operations = verdict.tally.calls
        keys = recording.keys.count
        prefix = recording.start.prefix
        urls = recording.start.urls
        seed = recording.start.seed
        clients = recording.start.clients
        tally = verdict.tally.rows
        judgements = verdict.judgements
        violations = verdict.violations.count
        open = verdict.open
        history = file
    }

    var text: String {
        var lines = [
            "\(Figures.count(operations)) operations on \(keys) keys under \(prefix), \(clients) clients, "
                + "\(urls.count) gateway\(urls.count == 1 ? "" : "s"), seed \(seed)",
            "",
        ]
        lines += table(
            [["workload", "call", "calls", "answered", "of these 412", "refused", "unknown"]]
                + tally.map { row in
                    [row.workload.rawValue, row.call]
                        + [row.calls, row.answered, row.rejected, row.refused, row.unknown].map(Figures.count)
                }, textColumns: 2)
        lines.append("")
        lines += table(
            judgements.map { judgement in
                [judgement.judge, Figures.count(judgement.judged), judgement.unit, Self.word(judgement)]
            }, textColumns: 1, lastIsText: 2)
        for (number, violation) in shown.enumerated() { lines += number == 0 ? ["", violation] : [violation] }
        for reason in open.prefix(10) { lines += ["", "not judged: \(reason)"] }
        if open.count > 10 { lines += ["", "not judged: \(Figures.count(open.count - 10)) more"] }
        return (lines + ["", conclusion]).joined(separator: "\n")
    }

    private static func word(_ judgement: Judgement) -> String {
        if !judgement.violations.isEmpty { return "WRONG: \(Figures.count(judgement.violations.count))" }
        if !judgement.open.isEmpty { return "inconclusive" }
        return judgement.judged == 0 ? "nothing to judge" : "right"
    }

    private var shown: [String] {
        let kinds = Dictionary(grouping: judgements.flatMap(\.violations), by: \.kind)
        return Violation.Kind.allCases.flatMap { kind -> [String] in
            let all = kinds[kind] ?? []
            let left = all.count - Self.shownOfKind
            return all.prefix(Self.shownOfKind).map(\.text)
                + (left > 0 ? ["\(kind.rawValue): \(Figures.count(left)) more; --output json has them all"] : [])
        }
    }

    private var conclusion: String {
        switch result {
        case .right: "RIGHT: every answer can be explained, and nothing acknowledged was lost."
        case .wrong: "WRONG: \(Figures.count(violations)) violation\(violations == 1 ? "" : "s")."
        case .inconclusive: "INCONCLUSIVE: nothing wrong was found, and not everything could be judged."
        }
    }

    /// - Parameters:
    ///   - textColumns: how many columns, from the left, are words and not numbers.
    ///   - lastIsText: how many from the right.
    private func table(_ rows: [[String]], textColumns: Int, lastIsText: Int = 0) -> [String] {
        let columns = rows.first?.count ?? 0
        let widths = (0..<columns).map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            row.enumerated().map { column, cell in
                let padding = String(repeating: " ", count: widths[column] - cell.count)
                if column == columns - 1, lastIsText > 0 { return cell }
                return column < textColumns || column >= columns - lastIsText ? cell + padding : padding + cell
            }.joined(separator: "  ")
        }
    }
}
