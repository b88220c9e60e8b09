import Commands
import Foundation
import NIOCore
import Testing

@testable import Gateway

@Suite("Dates and JSON")
struct TextTests {
    @Test(
        "HTTP dates",
        arguments: [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"), (951_868_799, "Tue, 29 Feb 2000 23:59:59 GMT"),
            (951_868_800, "Wed, 01 Mar 2000 00:00:00 GMT"), (1_709_164_800, "Thu, 29 Feb 2024 00:00:00 GMT"),
            (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"), (-1, "Wed, 31 Dec 1969 23:59:59 GMT"),
            (253_402_300_799, "Fri, 31 Dec 9999 23:59:59 GMT"), (-62_135_596_800, "Mon, 01 Jan 0001 00:00:00 GMT"),
        ] as [(Int64, String)])
    func dates(seconds: Int64, text: String) {
        #expect(HTTPDate.text(Timestamp(microseconds: seconds * 1_000_000)) == text)
        #expect(HTTPDate.text(Timestamp(microseconds: seconds * 1_000_000 + 999_999)) == text)
    }

    @Test("HTTP dates agree with Foundation's on days of four centuries")
    func againstFoundation() {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(identifier: "GMT")
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        var seconds: Int64 = -2_208_988_800
        while seconds < 10_413_792_000 {
            let expected = formatter.string(from: Date(timeIntervalSince1970: TimeInterval(seconds)))
            #expect(HTTPDate.text(Timestamp(microseconds: seconds * 1_000_000)) == expected)
            seconds += 86_400 * 13 + 3_607
        }
    }

    @Test(
        "JSON strings are escaped so that a parser gets them back",
        arguments: [
            "", "plain", "quote \" backslash \\ slash /", "\n\r\t\u{8}\u{c}\u{0}\u{1f}", "é 🌊 \u{2028}", "\u{7f}",
            "ends with \"",
        ])
    func escapes(text: String) throws {
        var json = JSONWriter()
        json.object { $0.member("x", text) }
        let parsed = try JSONDecoder().decode([String: String].self, from: Data(json.buffer.readableBytesView))
        #expect(parsed == ["x": text])
    }

    @Test("Commas come where they belong")
    func commas() {
        var json = JSONWriter()
        json.object { json in
            json.member("a", 1)
            json.name("b")
            json.array { json in
                json.object { _ in }
                json.object { $0.member("c", true) }
                json.array { _ in }
                json.number(-2)
            }
            json.member("d", "e")
        }
        #expect(String(buffer: json.buffer) == #"{"a":1,"b":[{},{"c":true},[],-2],"d":"e"}"#)
    }

    @Test(
        "Text is a value, other bytes are base64",
        arguments: [
            (Array("text é".utf8), #"{"value":"text é"}"#), ([], #"{"value":""}"#),
            ([0xff, 0xfe], #"{"value_base64":"//4="}"#),
            ([0x61, 0x00], #"{"value_base64":"YQA="}"#),
        ] as [([UInt8], String)])
    func values(bytes: [UInt8], expected: String) {
        var json = JSONWriter()
        json.object { $0.value(Data(bytes)) }
        #expect(String(buffer: json.buffer) == expected)
    }
}
