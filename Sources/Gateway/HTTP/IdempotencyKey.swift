/// `Idempotency-Key`: 1 to 255 characters, plain or as the quoted string of the IETF draft
/// (draft-ietf-httpapi-idempotency-key-header). `abc` and `"abc"` are the same key.
enum IdempotencyKey {
    static let maximumCharacters = 255

    struct Invalid: Error, Equatable {
        var detail: String
    }

    static func parse(_ text: String) throws(Invalid) -> String {
        let key = text.utf8.first == UInt8(ascii: "\"") ? try unquoted(text) : text
        let count = key.unicodeScalars.count
        guard (1...maximumCharacters).contains(count) else {
            throw Invalid(detail: "1 to \(maximumCharacters) characters, not \(count)")
        }
        return key
    }

    /// A string of RFC 9651 §3.3.3.
    private static func unquoted(_ text: String) throws(Invalid) -> String {
        var key: [UInt8] = []
        var rest = text.utf8.dropFirst()
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\""):
                guard rest.isEmpty else { throw Invalid(detail: "something follows the closing quote") }
                return String(decoding: key, as: UTF8.self)
            case UInt8(ascii: "\\"):
                guard let escaped = rest.popFirst(), escaped == UInt8(ascii: "\"") || escaped == UInt8(ascii: "\\")
                else {
                    throw Invalid(detail: "in quotes, a backslash goes before a quote or another backslash")
                }
                key.append(escaped)
            default: key.append(byte)
            }
        }
        throw Invalid(detail: "the closing quote is missing")
    }
}
