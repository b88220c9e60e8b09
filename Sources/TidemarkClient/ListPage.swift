public import Foundation

/// One page of keys, in key order.
public struct ListPage: Sendable, Codable {
    public struct Item: Sendable, Equatable {
        public var key: String
        public var version: UInt64
        public var contentType: String
        public var size: Int
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
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        key = try container.decode(String.self, forKey: .key)
        version = try container.decode(UInt64.self, forKey: .version)
        contentType = try container.decode(String.self, forKey: .contentType)
        size = try container.decode(Int.self, forKey: .size)
        value = try Content.decodeIfPresent(from: decoder)?.bytes
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(key, forKey: .key)
        try container.encode(version, forKey: .version)
        try container.encode(contentType, forKey: .contentType)
        try container.encode(size, forKey: .size)
        if let value { try Content(value).encode(to: encoder) }
    }
}
