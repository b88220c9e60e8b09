import Commands

/// Turns `%XX` into bytes, and bytes into text.
enum PercentDecoding {
    enum Invalid: Error, Equatable {
        /// A `%` that two hexadecimal digits don't follow.
        case escape
        case utf8
    }

    /// - Parameter plusIsSpace: as HTML forms and most clients write query parameters; in a path a plus is a plus.
    static func decode(_ text: Substring, plusIsSpace: Bool) throws(Invalid) -> String {
        // The server has put U+FFFD in place of raw bytes that weren't UTF-8: two different keys would become one.
        if text.unicodeScalars.contains("\u{fffd}") { throw .utf8 }
        guard text.utf8.contains(where: { $0 == UInt8(ascii: "%") || (plusIsSpace && $0 == UInt8(ascii: "+")) }) else {
            return String(text)
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count)
        var rest = text.utf8
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "%"):
                guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit) else {
                    throw .escape
                }
                bytes.append(high << 4 | low)
            case UInt8(ascii: "+") where plusIsSpace: bytes.append(UInt8(ascii: " "))
            default: bytes.append(byte)
            }
        }
        guard let decoded = String(validating: bytes, as: UTF8.self) else { throw .utf8 }
        return decoded
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

extension Key {
    /// Of a path's last part, as it came: slashes and all.
    init(path: Substring) throws(Problem) {
        let text: String
        do {
            text = try PercentDecoding.decode(path, plusIsSpace: false)
        } catch {
            throw Problem(
                .invalidKey,
                error == .escape
                    ? "The path has a % that two hexadecimal digits don't follow. A percent sign itself is %25."
                    : "The key is not valid UTF-8 after percent-decoding.")
        }
        try self.init(checked: text)
    }

    init(checked text: String) throws(Problem) {
        do {
            try self.init(text)
        } catch {
            let detail =
                switch error {
                case .empty: "The key is empty; it has 1 to 1,024 bytes."
                case .tooLong(let bytes): "The key has \(bytes) bytes; at most \(Key.maximumBytes) are allowed."
                case .containsNUL: "The key contains NUL, the one character that keys can't have."
                }
            throw Problem(.invalidKey, detail)
        }
    }
}
