public import Foundation

/// One operation of a batch.
public struct BatchOperation: Sendable, Equatable {
    public enum Kind: String, Sendable, Codable { case put, delete, get }

    public var kind: Kind
    public var key: String
    /// Only for `put`.
    public var value: Data?
    public var contentType: String?
    public var precondition: Precondition
    /// Seconds.
    public var timeToLive: Int?
    public var idempotencyKey: String?

    public init(
        _ kind: Kind, key: String, value: Data? = nil, contentType: String? = nil, precondition: Precondition = .none,
        timeToLive: Int? = nil, idempotencyKey: String? = nil
    ) {
        self.kind = kind
        self.key = key
        self.value = value
        self.contentType = contentType
        self.precondition = precondition
        self.timeToLive = timeToLive
        self.idempotencyKey = idempotencyKey
    }
}

extension BatchOperation: Codable {
    private enum CodingKeys: String, CodingKey, CaseIterable {
        case kind = "op"
        case key
        case value
        case base64 = "value_base64"
        case contentType = "content_type"
        case ifMatch = "if_match"
        case ifNoneMatch = "if_none_match"
        case timeToLive = "ttl"
        case idempotencyKey = "idempotency_key"
    }

    /// A member that no operation has is refused: a misspelt precondition must not silently be none.
    public init(from decoder: any Decoder) throws {
        try MemberName.refuseUnknown(in: decoder, known: Set(CodingKeys.allCases.map(\.rawValue)))
        let container = try decoder.container(keyedBy: CodingKeys.self)
        kind = try container.decode(Kind.self, forKey: .kind)
        key = try container.decode(String.self, forKey: .key)
        value = try Content.decodeIfPresent(from: decoder)?.bytes
        contentType = try container.decodeIfPresent(String.self, forKey: .contentType)
        timeToLive = try container.decodeIfPresent(Int.self, forKey: .timeToLive)
        idempotencyKey = try container.decodeIfPresent(String.self, forKey: .idempotencyKey)
        // A version may be given as a number, too.
        let ifMatch =
            try (try? container.decodeIfPresent(UInt64.self, forKey: .ifMatch)).flatMap { $0.map { String($0) } }
            ?? container.decodeIfPresent(String.self, forKey: .ifMatch)
        let ifNoneMatch = try container.decodeIfPresent(String.self, forKey: .ifNoneMatch)
        guard let precondition = Precondition(ifMatch: ifMatch, ifNoneMatch: ifNoneMatch) else {
            throw DecodingError.dataCorrupted(
                .init(
                    codingPath: decoder.codingPath,
                    debugDescription: "if_match is a version or \"*\", if_none_match is \"*\", and only one of them"))
        }
        self.precondition = precondition
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(kind, forKey: .kind)
        try container.encode(key, forKey: .key)
        if let value { try Content(value).encode(to: encoder) }
        try container.encodeIfPresent(contentType, forKey: .contentType)
        try container.encodeIfPresent(timeToLive, forKey: .timeToLive)
        try container.encodeIfPresent(idempotencyKey, forKey: .idempotencyKey)
        if let header = precondition.header {
            try container.encode(header.value, forKey: header.name == "If-Match" ? .ifMatch : .ifNoneMatch)
        }
    }
}
