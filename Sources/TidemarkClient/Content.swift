public import Foundation

/// Bytes as JSON carries them: `value` when they are UTF-8, else `value_base64`.
public struct Content: Sendable, Equatable, Codable {
    public var bytes: Data

    public init(_ bytes: Data) { self.bytes = bytes }

    private enum CodingKeys: String, CodingKey {
        case text = "value"
        case base64 = "value_base64"
    }

    public init(from decoder: any Decoder) throws {
        guard let content = try Self.decodeIfPresent(from: decoder) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "needs \"value\" or \"value_base64\""))
        }
        self = content
    }

    /// - Returns: `nil` when neither member is there.
    static func decodeIfPresent(from decoder: any Decoder) throws -> Content? {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        if let text = try container.decodeIfPresent(String.self, forKey: .text) { return Content(Data(text.utf8)) }
        return try container.decodeIfPresent(Data.self, forKey: .base64).map(Content.init)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        if let text = String(validating: bytes, as: UTF8.self) {
            try container.encode(text, forKey: .text)
        } else {
            try container.encode(bytes, forKey: .base64)
        }
    }
}
