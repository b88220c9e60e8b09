/// Puts keys into URLs.
package enum PercentEncoding {
    /// A key as the end of a path: slashes stay, everything but RFC 3986's unreserved characters is escaped.
    ///
    /// A segment that is `.` or `..` is escaped too, because a URL parser on the way would resolve it.
    package static func path(_ key: String) -> String {
        key.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            .map { segment in
                switch String(Substring(segment)) {
                case ".": "%2E"
                case "..": "%2E%2E"
                default: escape(segment)
                }
            }
            .joined(separator: "/")
    }

    /// One value of a query: everything but unreserved characters is escaped, slashes too.
    package static func query(_ value: String) -> String { escape(value.utf8) }

    private static func escape(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var escaped: [UInt8] = []
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                escaped.append(byte)
            default:
                escaped += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 0xf)]]
            }
        }
        return String(decoding: escaped, as: UTF8.self)
    }
}
