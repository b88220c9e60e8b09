/// `traceparent` of W3C Trace Context, level 1: `00-<trace id>-<parent id>-<flags>`.
enum TraceParent {
    /// Whether `text` is well-formed. Versions to come may be longer; what we know of them stands in the same places.
    static func isValid(_ text: String) -> Bool {
        let bytes = Array(text.utf8.prefix(256))
        guard bytes.count >= 55, bytes.count == text.utf8.count,
            [2, 35, 52].allSatisfy({ bytes[$0] == UInt8(ascii: "-") })
        else { return false }
        let parts = [bytes[0..<2], bytes[3..<35], bytes[36..<52], bytes[53..<55]]
        guard parts.allSatisfy({ $0.allSatisfy(isLowerHexadecimal) }), !parts[0].elementsEqual("ff".utf8),
            !parts[1].allSatisfy({ $0 == UInt8(ascii: "0") }), !parts[2].allSatisfy({ $0 == UInt8(ascii: "0") })
        else { return false }
        return bytes.count == 55 || (!parts[0].elementsEqual("00".utf8) && bytes[55] == UInt8(ascii: "-"))
    }

    private static func isLowerHexadecimal(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }
}
