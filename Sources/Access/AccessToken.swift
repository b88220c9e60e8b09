import Crypto
package import Foundation

/// An access key as its owner presents it: `tmk_<id>_<secret>`. The id is public and names a row; the secret is 32 random
/// bytes in base64url. It is never printed by accident: only `text` has it.
package struct AccessToken: Sendable, CustomStringConvertible, CustomReflectable {
    private static let scheme = "tmk_"
    private static let secretCharacters = 43

    /// 16 hexadecimal digits.
    package let id: String
    private let secret: String

    /// A new one. Swift's default generator is the system's, fit for secrets.
    package static func random() -> AccessToken {
        let id = String(UInt64.random(in: .min ... .max), radix: 16)
        let secret = Data((0..<32).map { _ in UInt8.random(in: 0...255) })
        return AccessToken(
            id: String(repeating: "0", count: 16 - id.count) + id,
            secret: secret.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
                .replacing("=", with: ""))
    }

    private init(id: String, secret: String) {
        self.id = id
        self.secret = secret
    }

    /// `nil` when the text has another form.
    package init?(_ text: Substring) {
        guard text.hasPrefix(Self.scheme) else { return nil }
        let parts = text.dropFirst(Self.scheme.count).split(
            separator: "_", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].utf8.count == 16, parts[1].utf8.count == Self.secretCharacters,
            parts[0].utf8.allSatisfy(Self.isHexadecimal), parts[1].utf8.allSatisfy(Self.isBase64URL)
        else { return nil }
        self.init(id: String(parts[0]), secret: String(parts[1]))
    }

    /// What its owner keeps.
    package var text: String { Self.scheme + id + "_" + secret }

    /// What is stored. A plain hash is enough for 256 random bits, which nobody can try one after the other.
    package var hash: Data { Data(SHA256.hash(data: Data(secret.utf8))) }

    /// Takes as long whatever differs.
    package func matches(_ stored: Data) -> Bool { SHA256.hash(data: Data(secret.utf8)) == stored }

    package var description: String { Self.scheme + id + "_…" }
    package var customMirror: Mirror { Mirror(self, children: ["id": id]) }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }

    private static func isBase64URL(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
