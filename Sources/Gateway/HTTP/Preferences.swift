/// What `Prefer` (RFC 7240) asks, as far as it is understood. Preferences are honoured or ignored, never an error.
struct Preferences: Equatable, Sendable {
    /// Longer waits are cut to this.
    static let maximumWait = 60

    /// `wait=S`, in seconds. The first one counts.
    private(set) var wait: Int?
    /// Answer as soon as the command is durable, which is the default; with `wait` it changes nothing (RFC 7240 §4.3).
    private(set) var respondAsync = false

    init() {}

    /// For a write: `nil` answers at once.
    var waitDuration: Duration? { wait.flatMap { $0 > 0 ? .seconds($0) : nil } }

    /// Adds the preferences of one header field.
    mutating func add(_ field: String) {
        for preference in Self.split(field.utf8[...], at: UInt8(ascii: ",")) {
            // Parameters follow after semicolons; no preference that is understood here has any.
            guard let first = Self.split(preference, at: UInt8(ascii: ";")).first else { continue }
            let parts = first.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            var name = parts[0]
            name.trimStart()
            name.trimEnd()
            switch Substring(name).lowercased() {
            case "wait" where wait == nil && parts.count == 2: wait = Self.seconds(parts[1])
            case "respond-async" where parts.count == 1: respondAsync = true
            default: break
            }
        }
    }

    private static func seconds(_ word: Substring.UTF8View) -> Int? {
        var word = word
        word.trimStart()
        word.trimEnd()
        if word.count >= 2, word.first == UInt8(ascii: "\""), word.last == UInt8(ascii: "\"") {
            word = word.dropFirst().dropLast()
        }
        guard !word.isEmpty, word.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            return nil
        }
        return Int(Substring(word)).map { min($0, maximumWait) } ?? maximumWait
    }

    /// Splits outside of quoted strings.
    private static func split(_ text: Substring.UTF8View, at separator: UInt8) -> [Substring.UTF8View] {
        var parts: [Substring.UTF8View] = []
        var start = text.startIndex
        var isQuoted = false
        var isEscaped = false
        for index in text.indices {
            let byte = text[index]
            if isEscaped {
                isEscaped = false
            } else if isQuoted, byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: "\"") {
                isQuoted.toggle()
            } else if byte == separator, !isQuoted {
                parts.append(text[start..<index])
                start = text.index(after: index)
            }
        }
        parts.append(text[start...])
        return parts
    }
}
