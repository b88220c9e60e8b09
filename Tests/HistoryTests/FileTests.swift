import Foundation
import Testing

@testable import History

@Suite("History files")
struct FileTests {
    private static func whole() -> Recording {
        var story = Story()
        story.put("a", 0, 10, 1, if: .absent, key: "k\u{e9}/\n")
        story.call(.put("b", .version(1)), 11, nil, .unknown(problem: "no-answer", command: nil), session: 3)
        story.call(.put("c", .exists), 12, 13, .rejected(current: 4, command: "c"))
        story.call(.delete(.absent), 14, 15, .refused(problem: "queue-full"))
        story.call(.delete(), 14, 15, .applied(.nothingToDelete, version: nil, command: nil))
        story.call(.put("d"), 14, 15, .accepted(command: "c-d"))
        story.get(.eventual, 16, 17, nil)
        story.get(.session, 16, 17, "a", 1, session: 3, .session)
        story.status("c-d", .neverIssued)
        story.log([(1, .put, "c-a", "a"), (2, .rejected, "c", nil)])
        story.log([], key: "empty")
        story.final(nil, nil)
        story.final("a", 1, gateway: 1)
        return story.recording
    }

    @Test("What is written is read back")
    func roundTrip() throws {
        let recording = Self.whole()
        #expect(try Recording(ndjson: recording.ndjson()) == recording)
    }

    @Test(
        "A file that is no history is refused, with the line and what is wrong",
        arguments: [
            ("", "empty"), ("{", "line 1"), (#"{"type":"log","key":"k","events":0}"#, "first line"),
            (#"{"type":"start","format":9,"prefix":"p","urls":[],"seed":1,"clients":1}"#, "format 9"),
        ])
    func refused(text: String, reason: String) {
        let error = #expect(throws: HistoryFileError.self) { try Recording(ndjson: Data(text.utf8)) }
        #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
    }

    @Test(
        "An operation that makes no sense is refused",
        arguments: [
            (#""completed":11"#, #""completed":9"#), (#","completed":11"#, ""),
            (#""outcome":"absent""#, #""outcome":"accepted""#), (#""call":"get""#, #""call":"jump""#),
        ])
    func senseless(good: String, bad: String) throws {
        var story = Story()
        story.get(.applied, 10, 11, nil)
        let text = String(decoding: try story.recording.ndjson(), as: UTF8.self)
        try #require(text.contains(good), "\(text)")
        #expect(throws: HistoryFileError.self) {
            try Recording(ndjson: Data(text.replacing(good, with: bad).utf8))
        }
    }
}
