import Commands

/// The query of a request, strictly: names that the call doesn't know, and names given twice, are refused.
struct QueryParameters: Sendable {
    private var values: [String: String] = [:]

    init(_ query: Substring?, allowed: Set<String>) throws(Problem) {
        guard let query else { return }
        for pair in query.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = try Self.decode(parts[0], of: String(parts[0]))
            guard allowed.contains(name) else {
                let known = allowed.sorted().joined(separator: ", ")
                throw .parameter(
                    name, allowed.isEmpty ? "this call takes no parameters" : "unknown; there are \(known)")
            }
            guard values[name] == nil else { throw .parameter(name, "given more than once") }
            values[name] = parts.count == 2 ? try Self.decode(parts[1], of: name) : ""
        }
    }

    subscript(name: String) -> String? { values[name] }

    func integer(_ name: String, in range: ClosedRange<Int>) throws(Problem) -> Int? {
        guard let text = values[name] else { return nil }
        guard Self.isDecimal(text), let value = Int(text), range.contains(value) else {
            throw .parameter(name, "a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    /// What keys begin with; empty when it is not given.
    func keyPrefix(_ name: String) throws(Problem) -> String {
        let prefix = values[name] ?? ""
        if prefix.utf8.count > Key.maximumBytes || prefix.utf8.contains(0) {
            throw .parameter(name, "no key begins so: a key has at most 1,024 bytes and no NUL")
        }
        return prefix
    }

    /// A position in a partition's sequence.
    func version(_ name: String) throws(Problem) -> UInt64? {
        guard let text = values[name] else { return nil }
        guard Self.isDecimal(text), let value = UInt64(text), value <= UInt64(Int64.max) else {
            throw .parameter(name, "a version is a whole number")
        }
        return value
    }

    /// RFC 3339. A plus that was not encoded, and so reads as a space, is taken for the plus of an offset.
    func time(_ name: String) throws(Problem) -> Timestamp? {
        guard let text = values[name] else { return nil }
        guard let time = Timestamp(rfc3339: text.replacing(" ", with: "+")) else {
            throw .parameter(name, "a time as in RFC 3339, such as 2026-11-24T11:16:56Z")
        }
        return time
    }

    /// `name`, `name=true` and `name=1`, or `name=false` and `name=0`.
    func flag(_ name: String) throws(Problem) -> Bool {
        switch values[name] {
        case nil, "false", "0": false
        case "", "true", "1": true
        default: throw .parameter(name, "true or false")
        }
    }

    private static func isDecimal(_ text: String) -> Bool { text.utf8.allSatisfy { (0x30...0x39).contains($0) } }

    private static func decode(_ text: Substring, of name: String) throws(Problem) -> String {
        do {
            return try PercentDecoding.decode(text, plusIsSpace: true)
        } catch {
            throw .parameter(
                name,
                error == .escape
                    ? "a % that two hexadecimal digits don't follow" : "not valid UTF-8 after percent-decoding")
        }
    }
}
