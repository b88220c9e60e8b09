import Foundation

/// A comparison as a picture (SVG): load and capacity, instances, latency, what was denied, and lag over time, a line for each
/// policy.
package struct Chart {
    private struct Line {
        var colour: String
        var values: [Double]
        var isFilled = false
    }

    private struct Panel {
        var title: String
        var top: Double
        var lines: [Line]
        /// 0 for none.
        var objective: Double
        var label: (Double) -> String
    }

    private let comparison: Comparison
    private let rows: [Comparison.Row]

    private static let width = 860.0
    private static let left = 70.0
    private static let panelHeight = 92.0
    private static let gap = 34.0
    private static let headHeight = 46.0
    private static let columns = 240
    private static let colours = [
        Contender.tidemark: "#0b62c4", .cpu: "#d9730d", .peak: "#5b8c3e", .small: "#8a63b8",
    ]

    /// - Parameter contenders: whom it shows.
    package init(_ comparison: Comparison, of contenders: [Contender] = Contender.allCases) {
        self.comparison = comparison
        rows = comparison.rows.filter { contenders.contains($0.contender) }
    }

    package var svg: String {
        let panels = self.panels
        let height = Self.headHeight + Double(panels.count) * (Self.panelHeight + Self.gap) + 10
        var out = """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(n(Self.width)) \(n(height))" font-family="sans-serif" \
            font-size="11" fill="#333">
            <rect width="100%" height="100%" fill="#fff"/>
            <text x="\(n(Self.left))" y="18" font-size="14" font-weight="bold">\(escaped(comparison.trace.name))</text>

            """
        var x = Self.left
        for row in rows {
            out += "<rect x=\"\(n(x))\" y=\"28\" width=\"14\" height=\"3\" fill=\"\(colour(row))\"/>"
            out += "<text x=\"\(n(x + 19))\" y=\"33\">\(row.contender.rawValue)</text>\n"
            x += 120
        }
        for (index, panel) in panels.enumerated() {
            out += draw(panel, y: Self.headHeight + Double(index) * (Self.panelHeight + Self.gap) + 16)
        }
        return out + "</svg>\n"
    }

    // MARK: What is shown

    private var panels: [Panel] {
        func lines(_ value: (Course.Second) -> Double, _ gather: ([Double]) -> Double) -> [Line] {
            rows.map { row in
                Line(
                    colour: colour(row), values: columns(row.course.seconds.map(value), gather))
            }
        }
        func most(_ values: [Double]) -> Double { values.max() ?? 0 }
        func least(_ values: [Double]) -> Double { values.min() ?? 0 }
        func panel(
            _ title: String, _ lines: [Line], objective: Double = 0, atLeast: Double = 0,
            _ label: @escaping (Double) -> String
        ) -> Panel {
            let highest = (lines.flatMap(\.values) + [objective, atLeast]).max() ?? 0
            return Panel(title: title, top: Self.rounded(highest), lines: lines, objective: objective, label: label)
        }
        let load = Line(
            colour: "#c8ccd1", values: columns(rows[0].course.seconds.map(\.offered), most),
            isFilled: true)
        return [
            panel(
                "requests a second: load (grey), and what the gateways can answer", [load] + lines(\.capacity, least)
            ) { "\(Int($0 / 1_000))k" },
            panel("gateways ready", lines({ Double($0.gateways) }, most), Self.whole),
            panel("projectors ready", lines({ Double($0.projectors) }, most), Self.whole),
            panel(
                "99th percentile, ms (dashed: objective)", lines({ $0.latency * 1_000 }, most),
                objective: comparison.conditions.objectives.latency * 1_000
            ) { "\(Int($0))" },
            panel("requests late, refused or failed, %", lines({ $0.bad * 100 }, most), atLeast: 2) { "\(Int($0))" },
            panel(
                "oldest command not applied, s (dashed: objective)", lines(\.lag, most),
                objective: comparison.conditions.objectives.lag
            ) { "\(Int($0))" },
        ]
    }

    /// Half an instance is none to speak of.
    private static func whole(_ number: Double) -> String { number == number.rounded() ? "\(Int(number))" : "" }

    private func columns(_ values: [Double], _ gather: ([Double]) -> Double) -> [Double] {
        let count = min(Self.columns, values.count)
        return (0..<count).map { column in
            gather(Array(values[(column * values.count / count)..<((column + 1) * values.count / count)]))
        }
    }

    private func colour(_ row: Comparison.Row) -> String { Self.colours[row.contender] ?? "#000" }

    /// The next of 1, 2, 5, 10, 20, …
    private static func rounded(_ highest: Double) -> Double {
        guard highest > 0 else { return 1 }
        let power = pow(10, log10(highest).rounded(.down))
        return [1, 1.5, 2, 3, 4, 5, 6, 8, 10].map { $0 * power }.first { $0 >= highest } ?? highest
    }

    // MARK: How

    private func draw(_ panel: Panel, y top: Double) -> String {
        let right = Self.width - 12
        let bottom = top + Self.panelHeight
        func height(_ value: Double) -> Double { bottom - min(1, value / panel.top) * Self.panelHeight }
        var out = "<text x=\"\(n(Self.left))\" y=\"\(n(top - 5))\">\(escaped(panel.title))</text>\n"
        for share in [0, 0.5, 1] {
            let y = height(panel.top * share)
            out += "<path d=\"M\(n(Self.left)) \(n(y))H\(n(right))\" stroke=\"#e3e5e8\"/>"
            out += "<text x=\"\(n(Self.left - 6))\" y=\"\(n(y + 4))\" text-anchor=\"end\">"
            out += "\(panel.label(panel.top * share))</text>\n"
        }
        for line in panel.lines {
            let step = (right - Self.left) / Double(max(1, line.values.count))
            var path = ""
            var before: String?
            for (column, value) in line.values.enumerated() {
                let y = n(height(value))
                // A step for each column; what doesn't change needs no point.
                if before == nil {
                    path += "M\(n(Self.left)) \(y)"
                } else if y != before {
                    path += "H\(n(Self.left + Double(column) * step))V\(y)"
                }
                before = y
            }
            path += "H\(n(right))"
            out +=
                line.isFilled
                ? "<path d=\"\(path)V\(n(bottom))H\(n(Self.left))Z\" fill=\"\(line.colour)\"/>\n"
                : "<path d=\"\(path)\" fill=\"none\" stroke=\"\(line.colour)\" stroke-width=\"1.4\"/>\n"
        }
        if panel.objective > 0 {
            out += "<path d=\"M\(n(Self.left)) \(n(height(panel.objective)))H\(n(right))\" stroke=\"#b00\" "
            out += "stroke-dasharray=\"4 4\"/>\n"
        }
        let seconds = comparison.trace.seconds
        for share in [0, 0.25, 0.5, 0.75, 1] {
            let anchor = share == 0 ? "start" : share == 1 ? "end" : "middle"
            out += "<text x=\"\(n(Self.left + share * (right - Self.left)))\" y=\"\(n(bottom + 12))\" font-size=\"9\" "
            out += "fill=\"#888\" text-anchor=\"\(anchor)\">\(Self.clock(Int(Double(seconds) * share)))</text>"
        }
        return out + "\n"
    }

    /// `1:02:03`
    private static func clock(_ seconds: Int) -> String {
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(seconds / 3_600):\(two(seconds / 60 % 60)):\(two(seconds % 60))"
    }

    private func n(_ number: Double) -> String {
        let tenths = Int((number * 10).rounded())
        return tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths / 10).\(abs(tenths % 10))"
    }

    private func escaped(_ text: String) -> String {
        text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
    }
}
