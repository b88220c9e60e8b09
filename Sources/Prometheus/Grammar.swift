/// What Prometheus' text format allows in names, and how it escapes the rest.
///
/// Works on Unicode scalars, not on characters: in a Swift string `"\r\n"` is one character and is not `"\n"`.
enum Grammar {
    /// `[a-zA-Z_:][a-zA-Z0-9_:]*`; every other scalar becomes `_`.
    static func metricName(_ name: String) -> String { sanitised(name, colons: true) }

    /// `[a-zA-Z_][a-zA-Z0-9_]*`, and at most one leading underscore: names with two are Prometheus' own.
    static func labelName(_ name: String) -> String {
        let name = sanitised(name, colons: false)
        return name.hasPrefix("__") ? "_" + name.drop { $0 == "_" } : name
    }

    static func escapedLabelValue(_ value: String) -> String { escaped(value, quotes: true) }

    static func escapedHelp(_ help: String) -> String { escaped(help, quotes: false) }

    private static func sanitised(_ name: String, colons: Bool) -> String {
        var result = String.UnicodeScalarView()
        for scalar in name.unicodeScalars {
            switch scalar {
            case "a"..."z", "A"..."Z", "_": result.append(scalar)
            case ":" where colons: result.append(scalar)
            case "0"..."9":
                if result.isEmpty { result.append("_") }
                result.append(scalar)
            default: result.append("_")
            }
        }
        return result.isEmpty ? "_" : String(result)
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": result.append(contentsOf: #"\\"#.unicodeScalars)
            case "\n": result.append(contentsOf: #"\n"#.unicodeScalars)
            case "\"" where quotes: result.append(contentsOf: #"\""#.unicodeScalars)
            default: result.append(scalar)
            }
        }
        return String(result)
    }
}
