/// The keys that begin with a prefix, as a range of the byte order: at least `lower` and less than `upper`.
struct PrefixRange: Sendable, Equatable {
    let lower: String
    let upper: String

    /// Greater than every key: a key has at most 1,024 bytes, and no scalar is greater than U+10FFFF.
    static let end = String(repeating: "\u{10FFFF}", count: 257)

    init(_ prefix: String) {
        lower = prefix
        var scalars = Array(prefix.unicodeScalars)
        while let last = scalars.popLast() {
            if let successor = Self.successor(of: last) {
                scalars.append(successor)
                var text = String.UnicodeScalarView()
                text.append(contentsOf: scalars)
                upper = String(text)
                return
            }
        }
        upper = Self.end
    }

    /// UTF-8 sorts as its scalars do, and surrogates are none.
    private static func successor(of scalar: Unicode.Scalar) -> Unicode.Scalar? {
        scalar.value == 0xd7ff ? "\u{E000}" : Unicode.Scalar(scalar.value + 1)
    }
}
