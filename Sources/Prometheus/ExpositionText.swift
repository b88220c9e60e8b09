/// Writes Prometheus' text format 0.0.4.
struct ExpositionText {
    private(set) var bytes: [UInt8] = []

    /// The lines that begin a family. Without a help text there is no `HELP` line.
    mutating func header(name: String, help: String?, kind: Family.Kind?) {
        if let help { write("# HELP ", name, " ", Grammar.escapedHelp(help), "\n") }
        if let kind { write("# TYPE ", name, " ", kind.rawValue, "\n") }
    }

    /// One line. `le` is the upper bound of a histogram's bucket.
    mutating func sample(name: String, suffix: String = "", labels: Labels, le: String? = nil, value: String) {
        write(name, suffix)
        if let le {
            write("{", labels.text, labels.text.isEmpty ? "" : ",", "le=\"", le, "\"}")
        } else if !labels.text.isEmpty {
            write("{", labels.text, "}")
        }
        write(" ", value, "\n")
    }

    /// The shortest text that reads back as the same number: whole numbers without a fraction, `NaN`, `+Inf`, `-Inf`.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        let isWhole = value == value.rounded() && abs(value) < 0x1p53
        return isWhole ? String(Int64(value)) : value.description
    }

    private mutating func write(_ parts: String...) {
        for part in parts { bytes.append(contentsOf: part.utf8) }
    }
}
