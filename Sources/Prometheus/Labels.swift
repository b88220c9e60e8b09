/// A set of labels as it stands between the braces of a sample: valid names, escaped values, sorted by name.
///
/// Rendered once, when a series is made; the text is the set's identity. Of two labels of one name the last holds.
struct Labels: Sendable, Hashable, Comparable {
    let text: String

    /// - Parameter reserved: names that the format uses itself; a label of that name gets a `_` appended.
    init(_ dimensions: [(String, String)] = [], reserved: Set<String> = []) {
        var values: [String: String] = [:]
        for (name, value) in dimensions {
            let name = Grammar.labelName(name)
            values[reserved.contains(name) ? name + "_" : name] = value
        }
        text = values.sorted { $0.key < $1.key }
            .map { "\($0.key)=\"\(Grammar.escapedLabelValue($0.value))\"" }
            .joined(separator: ",")
    }

    static func < (left: Labels, right: Labels) -> Bool { left.text < right.text }
}
