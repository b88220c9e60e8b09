import Commands
import HTTPTypes

/// The request headers that mean something to the gateway, read in one pass. A header that isn't ours costs the
/// comparison of its length.
struct RequestHeaders: Sendable {
    enum Body: Equatable, Sendable {
        case none
        case length(Int)
        /// Its length shows when it has been read.
        case chunked
    }

    /// Ten years of 365 days.
    static let longestTimeToLive = 315_360_000
    static let maximumContentTypeBytes = 255

    var ifMatch: EntityTagCondition?
    var ifNoneMatch: EntityTagCondition?
    var preferences = Preferences()
    var timeToLive: Duration?
    /// As it came; `SessionTokenCodec` reads it.
    var session: String?
    var consistency: Consistency?
    var idempotencyKey: String?
    var contentType: String?
    var hasContentEncoding = false
    var hasContentRange = false
    /// The client sends the body only when asked to (RFC 9110 §10.1.1).
    var expectsContinue = false
    var body = Body.none

    init(_ fields: HTTPFields) throws(Problem) {
        var matches: String?
        var noneMatches: String?
        for field in fields {
            let name = field.name.canonicalName
            switch name.utf8.count {
            case 6 where name == "prefer":
                preferences.add(field.value)
            case 6 where name == "expect":
                expectsContinue = field.value.lowercased() == "100-continue"
            case 8 where name == "if-match":
                matches.join(field.value)
            case 12 where name == "content-type":
                try Self.once(contentType, "Content-Type")
                let value = field.value
                guard value.utf8.count <= Self.maximumContentTypeBytes else {
                    throw .header("Content-Type", "at most \(Self.maximumContentTypeBytes) bytes")
                }
                contentType = value.isEmpty ? nil : value
            case 12 where name == "tidemark-ttl":
                try Self.once(timeToLive, "Tidemark-TTL")
                timeToLive = try Self.timeToLive(field.value)
            case 13 where name == "if-none-match":
                noneMatches.join(field.value)
            case 13 where name == "content-range":
                hasContentRange = true
            case 14 where name == "content-length":
                // The server has refused lengths that contradict each other or aren't numbers.
                if body == .none, let length = Int(field.value), length > 0 { body = .length(length) }
            case 15 where name == "idempotency-key":
                try Self.once(idempotencyKey, "Idempotency-Key")
                do {
                    idempotencyKey = try IdempotencyKey.parse(field.value)
                } catch {
                    throw .header("Idempotency-Key", error.detail)
                }
            case 16 where name == "tidemark-session":
                try Self.once(session, "Tidemark-Session")
                session = field.value
            case 16 where name == "content-encoding":
                hasContentEncoding = field.value.lowercased() != "identity"
            case 17 where name == "transfer-encoding":
                body = .chunked
            case 20 where name == "tidemark-consistency":
                try Self.once(consistency, "Tidemark-Consistency")
                consistency = Consistency(rawValue: field.value.lowercased())
                if consistency == nil {
                    let known = Consistency.allCases.map(\.rawValue).joined(separator: ", ")
                    throw .header("Tidemark-Consistency", "one of \(known)")
                }
            default: break
            }
        }
        ifMatch = try Self.condition(matches, "If-Match")
        ifNoneMatch = try Self.condition(noneMatches, "If-None-Match")
    }

    /// For PUT and DELETE.
    func precondition() throws(Problem) -> Precondition {
        try Precondition(ifMatch: ifMatch, ifNoneMatch: ifNoneMatch) { header, detail in .header(header, detail) }
    }

    private static func once(_ value: (some Any)?, _ name: String) throws(Problem) {
        if value != nil { throw .header(name, "given more than once") }
    }

    private static func condition(_ text: String?, _ name: String) throws(Problem) -> EntityTagCondition? {
        guard let text else { return nil }
        do {
            return try EntityTagCondition(text)
        } catch {
            throw .header(name, error.detail)
        }
    }

    private static func timeToLive(_ text: String) throws(Problem) -> Duration {
        guard let seconds = Int(text), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            (1...longestTimeToLive).contains(seconds)
        else { throw .header("Tidemark-TTL", "a whole number of seconds from 1 to \(longestTimeToLive) (10 years)") }
        return .seconds(seconds)
    }
}

extension Precondition {
    /// - Parameter refuse: makes the problem of the header's name and what is wrong with it.
    init(
        ifMatch: EntityTagCondition?, ifNoneMatch: EntityTagCondition?,
        refuse: (_ header: String, _ detail: String) -> Problem
    ) throws(Problem) {
        switch (ifMatch, ifNoneMatch) {
        case (nil, nil): self = .none
        case (.any, nil): self = .exists
        // Weak tags, and tags that no version has, match nothing; a list of only these fails when it is judged.
        case (.tags(let tags), nil): self = .versions(tags.compactMap(\.strongVersion))
        case (nil, .any): self = .absent
        case (nil, .tags):
            throw refuse(
                "If-None-Match",
                "a write takes only *, which means that the key must have no value; to require a version, use If-Match")
        case (_?, _?): throw refuse("If-None-Match", "not together with If-Match; send one of them")
        }
    }
}

extension String? {
    /// Several fields of one name are one list (RFC 9110 §5.3).
    fileprivate mutating func join(_ value: String) { self = map { $0 + ", " + value } ?? value }
}
