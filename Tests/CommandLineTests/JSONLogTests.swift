import Foundation
import Logging
import NIOCore
import Synchronization
import Testing

@testable import tidemark

@Suite("The log in JSON")
struct JSONLogTests {
    /// What one call of `write` makes, read back.
    private func line(_ write: (Logger) -> Void) throws -> [String: Any] {
        let bytes = Mutex(ByteBuffer())
        write(
            Logger(label: "tidemark.test") { label in
                JSONLogHandler(label: label, level: .info) { line in
                    _ = bytes.withLock { $0.writeImmutableBuffer(line) }
                }
            })
        let text = Data(bytes.withLock { $0 }.readableBytesView)
        #expect(text.last == UInt8(ascii: "\n") && text.count { $0 == UInt8(ascii: "\n") } == 1)
        #expect(String(validating: text, as: UTF8.self) != nil)
        return try #require(JSONSerialization.jsonObject(with: text) as? [String: Any])
    }

    @Test("A line is one object: when, how bad, who, what, and the metadata beside it")
    func members() throws {
        let line = try line { logger in
            var logger = logger
            logger[metadataKey: "partition"] = "3"
            logger[metadataKey: "origin"] = "old"
            logger.warning("broken", metadata: ["origin": "new", "status": .stringConvertible(503)])
        }
        let time = try #require(line["time"] as? String)
        #expect(time.wholeMatch(of: #/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z/#) != nil, "\(time)")
        #expect(line["level"] as? String == "warning")
        #expect(line["logger"] as? String == "tidemark.test")
        #expect(line["message"] as? String == "broken")
        #expect(line["pid"] as? Int == Int(getpid()))
        #expect((line["host"] as? String)?.isEmpty == false)
        #expect(line["partition"] as? String == "3")
        #expect(line["origin"] as? String == "new")
        #expect(line["status"] as? Int == 503)
    }

    @Test(
        "Whatever stands in it, it stays one line of JSON and is read back as it was",
        arguments: [
            "\"", "\\", "\n", "\r\n", "\0", "\u{1b}[31m", "\u{7f}", "\u{2028}", "{\"a\":1}", "é🙂", "\\u0041",
            String(decoding: [0x61, 0xff, 0xc3, 0x28, 0xed, 0xa0, 0x80] as [UInt8], as: UTF8.self),
            String(repeating: "\"", count: 100_000),
        ])
    func hostile(text: String) throws {
        let line = try line { $0.info("\(text)", metadata: ["value": "\(text)", text: "as a name"]) }
        #expect(line["message"] as? String == text)
        #expect(line["value"] as? String == text)
        #expect(line[text] as? String == "as a name")
    }

    @Test("Values within values, numbers that are none, and errors")
    func shapes() throws {
        struct Broken: Error {}
        let line = try line {
            $0.error(
                "shapes", error: Broken(),
                metadata: [
                    "list": ["a", .stringConvertible(2)], "map": ["inner": ["deep": "x"]],
                    "duration": .stringConvertible(1.5), "none": .stringConvertible(Double.nan),
                ])
        }
        #expect((line["list"] as? [Any])?.count == 2)
        #expect(((line["map"] as? [String: Any])?["inner"] as? [String: Any])?["deep"] as? String == "x")
        #expect(line["duration"] as? Double == 1.5)
        #expect(line["none"] as? String == "nan")
        #expect(line["error"] as? String == "Broken()")
    }

    @Test("What is less than the level is not written")
    func level() throws {
        let line = try line { logger in
            logger.debug("too little")
            logger.info("enough")
        }
        #expect(line["message"] as? String == "enough")
    }
}
