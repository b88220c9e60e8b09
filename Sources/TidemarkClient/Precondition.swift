/// What must hold of a key for a write to happen, judged in order with all other writes of that key.
public enum Precondition: Sendable, Hashable {
    case none
    /// The key exists (`If-Match: *`).
    case exists
    /// The key is at this version (`If-Match: "7"`).
    case version(UInt64)
    /// The key does not exist (`If-None-Match: *`).
    case absent

    var header: (name: String, value: String)? {
        switch self {
        case .none: nil
        case .exists: ("If-Match", "*")
        case .version(let version): ("If-Match", "\"\(version)\"")
        case .absent: ("If-None-Match", "*")
        }
    }
}

extension Precondition {
    /// Reads `7`, `"7"` or `*` for `ifMatch`, and `*` for `ifNoneMatch`.
    ///
    /// - Returns: `nil` when one of them is something else, or both are given.
    public init?(ifMatch: String?, ifNoneMatch: String?) {
        switch (ifMatch, ifNoneMatch) {
        case (nil, nil): self = .none
        case ("*", nil): self = .exists
        case (nil, "*"): self = .absent
        case (let tag?, nil):
            let isQuoted = tag.count > 1 && tag.hasPrefix("\"") && tag.hasSuffix("\"")
            let digits = isQuoted ? tag.dropFirst().dropLast() : tag[...]
            guard digits.allSatisfy(\.isNumber), let version = UInt64(digits) else { return nil }
            self = .version(version)
        default: return nil
        }
    }
}
