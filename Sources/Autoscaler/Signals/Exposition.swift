/// What one scrape said: Prometheus' text format 0.0.4, read strictly. A text that is cut short or malformed is no scrape at all,
/// because a metric that is missing then would be one that is zero.
package struct Exposition: Sendable, Equatable {
    package typealias Labels = [String: String]

    package struct Malformed: Error, Equatable, CustomStringConvertible {
        package let line: Int
        package var description: String { "Line \(line) of the metrics is not in Prometheus' text format." }
    }

    private var families: [String: [Labels: Double]] = [:]

    package init(parsing text: some Collection<UInt8>) throws(Malformed) {
        let newline = UInt8(ascii: "\n")
        guard text.isEmpty || Array(text.suffix(1)) == [newline] else { throw Malformed(line: 0) }
        for (index, line) in text.split(separator: newline, omittingEmptySubsequences: false).enumerated() {
            guard let first = line.first, first != UInt8(ascii: "#") else { continue }
            var scanner = ExpositionLine(line)
            guard let (name, labels, value) = scanner.sample(), families[name]?[labels] == nil else {
                throw Malformed(line: index + 1)
            }
            families[name, default: [:]][labels] = value
        }
    }

    /// The series of a metric; `nil` when there are none.
    package subscript(name: String) -> [Labels: Double]? { families[name] }

    /// The sum of a gauge's series; `nil` when there is none, or when one is not a number.
    package func gauge(_ name: String) -> Double? {
        let sum = families[name]?.values.reduce(0, +)
        return sum?.isFinite == true ? sum : nil
    }
}

/// `name{label="value",…} value [timestamp]`
private struct ExpositionLine {
    private var rest: ArraySlice<UInt8>

    init(_ line: some Collection<UInt8>) { rest = ArraySlice(Array(line)) }

    mutating func sample() -> (name: String, labels: Exposition.Labels, value: Double)? {
        guard let name = word() else { return nil }
        var labels: Exposition.Labels = [:]
        if take("{") {
            while !take("}") {
                guard let label = word(), take("="), let value = quoted(), labels[label] == nil else { return nil }
                labels[label] = value
                guard take(",") || rest.first == UInt8(ascii: "}") else { return nil }
            }
        }
        guard take(" ") else { return nil }
        let fields = rest.split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self) }
        guard (1...2).contains(fields.count), let value = Self.number(fields[0]),
            fields.count == 1 || Int64(fields[1]) != nil
        else { return nil }
        return (name, labels, value)
    }

    private static func number(_ text: String) -> Double? {
        switch text {
        case "NaN": .nan
        case "+Inf": .infinity
        case "-Inf": -.infinity
        default: Double(text).flatMap { $0.isFinite ? $0 : nil }
        }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: character) else { return false }
        rest.removeFirst()
        return true
    }

    private mutating func word() -> String? {
        let word = rest.prefix { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: ":"):
                true
            default: false
            }
        }
        guard let first = word.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else { return nil }
        rest = rest.dropFirst(word.count)
        return String(decoding: word, as: UTF8.self)
    }

    /// `\\`, `\"` and `\n` are escapes; nothing else is.
    private mutating func quoted() -> String? {
        guard take("\"") else { return nil }
        var value: [UInt8] = []
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\""): return String(validating: value, as: UTF8.self)
            case UInt8(ascii: "\\"):
                switch rest.popFirst() {
                case UInt8(ascii: "\\"): value.append(UInt8(ascii: "\\"))
                case UInt8(ascii: "\""): value.append(UInt8(ascii: "\""))
                case UInt8(ascii: "n"): value.append(UInt8(ascii: "\n"))
                default: return nil
                }
            default: value.append(byte)
            }
        }
        return nil
    }
}
