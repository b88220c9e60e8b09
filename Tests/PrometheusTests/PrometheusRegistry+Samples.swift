import Prometheus

extension PrometheusRegistry {
    var text: String { String(decoding: exposition(), as: UTF8.self) }

    /// The text's samples: what stands before the value, and the value.
    var samples: [String: String] {
        let lines = text.split(separator: "\n").filter { !$0.hasPrefix("#") }
        let pairs = lines.compactMap { line in
            line.lastIndex(of: " ").map { (String(line[..<$0]), String(line[line.index(after: $0)...])) }
        }
        return Dictionary(uniqueKeysWithValues: pairs)
    }
}
