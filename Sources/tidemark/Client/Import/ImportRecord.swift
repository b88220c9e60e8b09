import Crypto
import Foundation
import TidemarkClient

/// One line of an import: a key with its value.
struct ImportRecord: Equatable {
    var key: String
    var value: Data
    /// `nil`: the server's default.
    var contentType: String?
    /// When the value's life ends, in RFC 3339; `nil` for never.
    var expiresAt: String?

    /// Names the write by what it writes, so that the same line is the same command in every run of the import.
    ///
    /// - Parameters:
    ///   - occasion: sets runs apart that shall write again whatever was written before; else empty.
    ///   - timeToLive: part of what is written: the same name with another one would be refused.
    func idempotencyKey(occasion: String, timeToLive: Int? = nil) -> String {
        var hash = SHA256()
        var parts = [Data(occasion.utf8), Data(key.utf8), value, Data((contentType ?? "").utf8)]
        if let timeToLive { parts.append(Data("\(timeToLive)".utf8)) }
        for part in parts {
            withUnsafeBytes(of: UInt64(part.count).littleEndian) { hash.update(bufferPointer: $0) }
            hash.update(data: part)
        }
        return "import-" + Data(hash.finalize().prefix(16)).base64EncodedString()
    }

    func operation(occasion: String) -> BatchOperation {
        // What has ended already is written, too, for a second: it must take the place of what is there.
        let timeToLive = end.map { max(1, Int($0.timeIntervalSinceNow.rounded(.up))) }
        return BatchOperation(
            .put, key: key, value: value, contentType: contentType, timeToLive: timeToLive,
            idempotencyKey: idempotencyKey(occasion: occasion, timeToLive: timeToLive))
    }

    private var end: Date? { expiresAt.flatMap { Date(rfc3339: $0) } }
}

extension ImportRecord: Codable {
    private enum CodingKeys: String, CodingKey {
        case key
        case contentType = "content_type"
        case expiresAt = "expires_at"
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        key = try container.decode(String.self, forKey: .key)
        contentType = try container.decodeIfPresent(String.self, forKey: .contentType)
        value = try Content(from: decoder).bytes
        expiresAt = try container.decodeIfPresent(String.self, forKey: .expiresAt)
        if expiresAt != nil, end == nil {
            throw DecodingError.dataCorrupted(
                .init(codingPath: [CodingKeys.expiresAt], debugDescription: "a time in RFC 3339"))
        }
        if key.isEmpty || key.utf8.count > 1_024 {
            throw DecodingError.dataCorrupted(
                .init(codingPath: [CodingKeys.key], debugDescription: "a key has 1 to 1,024 bytes"))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(key, forKey: .key)
        try container.encodeIfPresent(contentType, forKey: .contentType)
        try container.encodeIfPresent(expiresAt, forKey: .expiresAt)
        try Content(value).encode(to: encoder)
    }
}
