public import Foundation

/// One page of what happened to a key, oldest first.
public struct HistoryPage: Sendable, Codable {
    public struct Event: Sendable, Equatable {
        public var version: UInt64
        /// `put`, `deleted`, `rejected`, `expired` or `erased`.
        public var kind: String
        /// When it was applied, in RFC 3339.
        public var time: String
        public var principal: String?
        public var command: String?
        public var size: Int?
        public var contentType: String?
        /// When the client asked for it, in RFC 3339.
        public var issuedAt: String?
        /// When the value's life ends, in RFC 3339.
        public var expiresAt: String?
        /// The version that this event replaced.
        public var previousVersion: UInt64?
        /// Why a command was rejected, or values were erased.
        public var reason: String?
        /// Of the request that made it (W3C Trace Context), if it had one.
        public var traceparent: String?
        /// Set when the value was destroyed.
        public var erased: Bool?
        /// Set when the value was asked for, and is in an archive that the gateway doesn't read.
        public var archived: Bool?
        /// Only when values were asked for.
        public var value: Data?
    }

    public var events: [Event]
    /// Where the next page starts (its `after`); `nil` on the last page.
    public var next: UInt64?
}

extension HistoryPage.Event: Codable {
    private enum CodingKeys: String, CodingKey {
        case version, kind, time, principal, command, size, reason, traceparent, erased, archived
        case contentType = "content_type"
        case issuedAt = "issued_at"
        case expiresAt = "expires_at"
        case previousVersion = "previous_version"
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        version = try container.decode(UInt64.self, forKey: .version)
        kind = try container.decode(String.self, forKey: .kind)
        time = try container.decode(String.self, forKey: .time)
        principal = try container.decodeIfPresent(String.self, forKey: .principal)
        command = try container.decodeIfPresent(String.self, forKey: .command)
        size = try container.decodeIfPresent(Int.self, forKey: .size)
        contentType = try container.decodeIfPresent(String.self, forKey: .contentType)
        issuedAt = try container.decodeIfPresent(String.self, forKey: .issuedAt)
        expiresAt = try container.decodeIfPresent(String.self, forKey: .expiresAt)
        previousVersion = try container.decodeIfPresent(UInt64.self, forKey: .previousVersion)
        reason = try container.decodeIfPresent(String.self, forKey: .reason)
        traceparent = try container.decodeIfPresent(String.self, forKey: .traceparent)
        erased = try container.decodeIfPresent(Bool.self, forKey: .erased)
        archived = try container.decodeIfPresent(Bool.self, forKey: .archived)
        value = try Content.decodeIfPresent(from: decoder)?.bytes
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(version, forKey: .version)
        try container.encode(kind, forKey: .kind)
        try container.encode(time, forKey: .time)
        try container.encodeIfPresent(principal, forKey: .principal)
        try container.encodeIfPresent(command, forKey: .command)
        try container.encodeIfPresent(size, forKey: .size)
        try container.encodeIfPresent(contentType, forKey: .contentType)
        try container.encodeIfPresent(issuedAt, forKey: .issuedAt)
        try container.encodeIfPresent(expiresAt, forKey: .expiresAt)
        try container.encodeIfPresent(previousVersion, forKey: .previousVersion)
        try container.encodeIfPresent(reason, forKey: .reason)
        try container.encodeIfPresent(traceparent, forKey: .traceparent)
        try container.encodeIfPresent(erased, forKey: .erased)
        try container.encodeIfPresent(archived, forKey: .archived)
        if let value { try Content(value).encode(to: encoder) }
    }
}
