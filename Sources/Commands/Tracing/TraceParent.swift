/// `traceparent` of W3C Trace Context: `<version>-<trace id>-<parent id>-<flags>`, by which a caller follows what it began.
///
/// Kept in the form of version `00`, the one we know. A later version is read by the same rules, as the standard asks, and
/// what it has besides is left out.
package struct TraceParent: Sendable, Equatable {
    /// 55 ASCII characters.
    package let text: String

    /// - Returns: `nil` when the field is malformed: then it counts as not sent.
    package init?(_ field: String) {
        var field = field
        guard let form = field.withUTF8(Self.form) else { return nil }
        switch form {
        case .known: text = field
        case .later(let isSampled):
            let ids = field[field.utf8.index(field.startIndex, offsetBy: 2)...].utf8.prefix(51)
            text = "00\(Substring(ids))\(isSampled ? "01" : "00")"
        }
    }

    /// 32 hexadecimal digits.
    package var traceID: Substring { part(3..<35) }
    /// The caller's span: 16 hexadecimal digits.
    package var parentID: Substring { part(36..<52) }
    /// Whether the caller records this trace.
    package var isSampled: Bool { Self.digit(text.utf8.last ?? 0) & 1 == 1 }

    private func part(_ range: Range<Int>) -> Substring {
        let start = text.utf8.index(text.startIndex, offsetBy: range.lowerBound)
        return text[start..<text.utf8.index(start, offsetBy: range.count)]
    }

    // MARK: - Reading

    private static let length = 55
    private static let dash = UInt8(ascii: "-")

    private enum Form {
        case known
        case later(isSampled: Bool)
    }

    private static func form(_ bytes: UnsafeBufferPointer<UInt8>) -> Form? {
        guard bytes.count >= length, bytes[2] == dash, bytes[35] == dash, bytes[52] == dash,
            areDigits(bytes[0..<2]), areDigits(bytes[3..<35]), areDigits(bytes[36..<52]), areDigits(bytes[53..<55]),
            !areZero(bytes[3..<35]), !areZero(bytes[36..<52])
        else { return nil }
        if areZero(bytes[0..<2]) { return bytes.count == length ? .known : nil }
        guard !bytes[0..<2].elementsEqual("ff".utf8), bytes.count == length || bytes[length] == dash else { return nil }
        return .later(isSampled: digit(bytes[54]) & 1 == 1)
    }

    private static func areDigits(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        bytes.allSatisfy { digit($0) < 16 }
    }

    private static func areZero(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        bytes.allSatisfy { $0 == UInt8(ascii: "0") }
    }

    /// Of a lower-case hexadecimal digit; 16 for anything else.
    private static func digit(_ byte: UInt8) -> UInt8 {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        default: 16
        }
    }
}
