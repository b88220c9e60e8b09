/// An entity tag (RFC 9110 §8.8.3). Ours are strong and hold a version in decimal.
struct EntityTag: Equatable, Sendable {
    var isWeak: Bool
    /// What stands between the quotes.
    var opaque: String

    /// The version that this tag, compared strongly, can equal.
    var strongVersion: UInt64? { isWeak ? nil : weakVersion }

    /// The version that this tag, compared weakly, can equal.
    var weakVersion: UInt64? {
        guard let version = UInt64(opaque), String(version) == opaque else { return nil }
        return version
    }

    /// `"<version>"`
    static func text(of version: UInt64) -> String { "\"" + String(version) + "\"" }
}

/// What `If-Match` and `If-None-Match` hold (RFC 9110 §13.1): `*` or a list of tags.
enum EntityTagCondition: Equatable, Sendable {
    /// More in one header are refused: each would travel in the command.
    static let maximumTags = 100

    case any
    case tags([EntityTag])

    struct Invalid: Error, Equatable {
        var detail: String
    }

    init(_ text: String) throws(Invalid) {
        var rest = text.utf8[...]
        var tags: [EntityTag] = []
        rest.trimStart()
        if rest.first == UInt8(ascii: "*") {
            rest.removeFirst()
            rest.trimStart()
            guard rest.isEmpty else { throw Invalid(detail: "* stands alone, not in a list") }
            self = .any
            return
        }
        while true {
            rest.trimStart()
            while rest.first == UInt8(ascii: ",") {
                rest.removeFirst()
                rest.trimStart()
            }
            if rest.isEmpty { break }
            tags.append(try Self.tag(&rest))
            guard tags.count <= Self.maximumTags else {
                throw Invalid(detail: "at most \(Self.maximumTags) tags can be listed")
            }
            rest.trimStart()
            guard rest.isEmpty || rest.first == UInt8(ascii: ",") else {
                throw Invalid(detail: "tags are separated by commas")
            }
        }
        guard !tags.isEmpty else { throw Invalid(detail: "expected * or a list of tags such as \"42\"") }
        self = .tags(tags)
    }

    private static func tag(_ rest: inout Substring.UTF8View) throws(Invalid) -> EntityTag {
        var isWeak = false
        if rest.starts(with: "W/".utf8) {
            isWeak = true
            rest.removeFirst(2)
        }
        guard rest.first == UInt8(ascii: "\"") else {
            throw Invalid(detail: "a tag stands in double quotes, as in \"42\"")
        }
        rest.removeFirst()
        guard let end = rest.firstIndex(of: UInt8(ascii: "\"")) else {
            throw Invalid(detail: "a tag has no closing quote")
        }
        let opaque = rest[..<end]
        guard opaque.allSatisfy({ $0 == 0x21 || (0x23...0x7e).contains($0) || $0 >= 0x80 }) else {
            throw Invalid(detail: "a tag holds a character that tags can't have")
        }
        rest = rest[rest.index(after: end)...]
        return EntityTag(isWeak: isWeak, opaque: String(Substring(opaque)))
    }

    /// `If-Match`: strong comparison, so weak tags never match.
    ///
    /// - Parameter version: `nil` when there is no value.
    func matchesStrongly(_ version: UInt64?) -> Bool { matches(version, \.strongVersion) }

    /// `If-None-Match`: weak comparison.
    func matchesWeakly(_ version: UInt64?) -> Bool { matches(version, \.weakVersion) }

    private func matches(_ version: UInt64?, _ tagVersion: (EntityTag) -> UInt64?) -> Bool {
        guard let version else { return false }
        switch self {
        case .any: return true
        case .tags(let tags): return tags.contains { tagVersion($0) == version }
        }
    }
}

extension Substring.UTF8View {
    /// Drops spaces and tabs at the start (OWS).
    mutating func trimStart() {
        while let first, first == UInt8(ascii: " ") || first == UInt8(ascii: "\t") { removeFirst() }
    }

    /// Drops spaces and tabs at the end (OWS).
    mutating func trimEnd() {
        while let last, last == UInt8(ascii: " ") || last == UInt8(ascii: "\t") { removeLast() }
    }
}
