import Crypto
import Foundation
import TidemarkClient

/// One line of an import: a key with its value.
struct ImportRecord: Equatable {
    var key: String
    var value: Data
    /// `nil`: the server's default.
    var contentType: String?

    /// Names the write by what it writes, so that the same line is the same command in every run of the import.
    ///
    /// - Parameter occasion: sets runs apart that shall write again whatever was written before; else empty.
    func idempotencyKey(occasion: String) -> String {
        var hash = SHA256()
        for part in [Data(occasion.utf8), Data(key.utf8), value, Data((contentType ?? "").utf8)] {
            withUnsafeBytes(of: UInt64(part.count).littleEndian) { hash.update(bufferPointer: $0) }
            hash.update(data: part)
        }
        return "import-" + Data(hash.finalize().prefix(16)).base64EncodedString()
    }

    func operation(occasion: String) -> BatchOperation {
        BatchOperation(
            .put, key: key, value: value, contentType: contentType, idempotencyKey: idempotencyKey(occasion: occasion))
    }
}

extension ImportRecord: Codable {
    private enum CodingKeys: String, CodingKey {
        case key
        case contentType = "content_type"
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        key = try container.decode(String.self, forKey: .key)
        contentType = try container.decodeIfPresent(String.self, forKey: .contentType)
        value = try Content(from: decoder).bytes
        if key.isEmpty || key.utf8.count > 1_024 {
            throw DecodingError.dataCorrupted(
                .init(codingPath: [CodingKeys.key], debugDescription: "a key has 1 to 1,024 bytes"))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(key, forKey: .key)
        try container.encodeIfPresent(contentType, forKey: .contentType)
        try Content(value).encode(to: encoder)
    }
}
