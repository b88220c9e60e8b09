public import Foundation

/// One page of keys, in key order.
public struct ListPage: Sendable, Codable {
    public struct Item: Sendable, Equatable {
        public var key: String
        public var version: UInt64
        public var contentType: String
        public var size: Int
        /// RFC 3339.
        public var modifiedAt: String?
        /// When the value's life ends, in RFC 3339.
        public var expiresAt: String?
        /// Only when values were asked for.
        public var value: Data?
    }

    public var items: [Item]
    /// Where the next page starts (its `after`); `nil` on the last page.
    public var next: String?
}

extension ListPage.Item: Codable {
    private enum CodingKeys: String, CodingKey {
        case key, version, size
        case contentType = "content_type"
        case modifiedAt = "modified_at"
        case expiresAt = "expires_at"
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        key = try container.decode(String.self, forKey: .key)
        version = try container.decode(UInt64.self, forKey: .version)
        contentType = try container.decode(String.self, forKey: .contentType)
        size = try container.decode(Int.self, forKey: .size)
        modifiedAt = try container.decodeIfPresent(String.self, forKey: .modifiedAt)
        expiresAt = try container.decodeIfPresent(String.self, forKey: .expiresAt)
        value = try Content.decodeIfPresent(from: decoder)?.bytes
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(key, forKey: .key)
        try container.encode(version, forKey: .version)
        try container.encode(contentType, forKey: .contentType)
        try container.encode(size, forKey: .size)
        try container.encodeIfPresent(modifiedAt, forKey: .modifiedAt)
        try container.encodeIfPresent(expiresAt, forKey: .expiresAt)
        if let value { try Content(value).encode(to: encoder) }
    }
}
