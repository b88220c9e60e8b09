import Foundation
import Testing

@testable import TidemarkClient
@testable import tidemark

@Suite struct JSONShapeTests {
    private func decode<Value: Decodable>(_ type: Value.Type, _ json: String) throws -> Value {
        try JSONDecoder().decode(type, from: Data(json.utf8))
    }

    @Test(
        "Bytes travel as text when they are UTF-8, else as base64",
        arguments: [[], [0x61], [0xc3, 0xa9], [0xff, 0], [0xc3]])
    func content(bytes: [UInt8]) throws {
        let json = try JSONEncoder().encode(Content(Data(bytes)))
        let isText = String(validating: bytes, as: UTF8.self) != nil
        #expect(String(decoding: json, as: UTF8.self).contains("value_base64") == !isText)
        #expect(try JSONDecoder().decode(Content.self, from: json).bytes == Data(bytes))
    }

    @Test("A page of keys is read, with and without values")
    func page() throws {
        let page = try decode(
            ListPage.self,
            #"{"items":[{"key":"a","version":3,"content_type":"text/plain","size":1,"value":"x"},"#
                + #"{"key":"b","version":4,"content_type":"x/y","size":0}],"next":"b"}"#)
        #expect(page.items.map(\.key) == ["a", "b"])
        #expect(page.items.map(\.value) == [Data("x".utf8), nil])
        #expect(page.next == "b")
    }

    @Test("A batch result carries its problem in itself or beside")
    func result() throws {
        let beside = try decode(BatchResult.self, #"{"status":503,"type":"/problems/queue-full","detail":"D"}"#)
        let inside = try decode(
            BatchResult.self, #"{"status":503,"problem":{"type":"/problems/queue-full","detail":"D"}}"#)
        for result in [beside, inside] {
            #expect(result.problem?.slug == "queue-full")
            #expect(result.isRetryable && !result.isSuccess)
        }
        #expect(try decode(BatchResult.self, #"{"status":202,"command":"c"}"#).problem == nil)
    }

    @Test(
        "Preconditions are read as people write them",
        arguments: [
            (nil, nil, Precondition.none), ("7", nil, .version(7)), (#""7""#, nil, .version(7)), ("*", nil, .exists),
            (nil, "*", .absent), ("x", nil, nil), (nil, "7", nil), ("7", "*", nil), ("\"", nil, nil), ("", nil, nil),
            ("-1", nil, nil),
        ] as [(String?, String?, Precondition?)])
    func preconditions(ifMatch: String?, ifNoneMatch: String?, expected: Precondition?) {
        #expect(Precondition(ifMatch: ifMatch, ifNoneMatch: ifNoneMatch) == expected)
    }

    @Test("Operations survive encoding and decoding")
    func operations() throws {
        for precondition in [Precondition.none, .exists, .absent, .version(9)] {
            let operation = BatchOperation(
                .put, key: "k", value: Data([0xff]), contentType: "a/b", precondition: precondition, timeToLive: 5,
                idempotencyKey: "i")
            let json = try JSONEncoder().encode(operation)
            #expect(try JSONDecoder().decode(BatchOperation.self, from: json) == operation)
        }
    }

    @Test("A past state is asked for by version or by time")
    func readPoint() {
        #expect(ReadPoint.latest.query == "")
        #expect(ReadPoint.version(7).query == "?version=7")
        #expect(ReadPoint.timestamp("2026-01-31T12:00:00+01:00").query == "?at=2026-01-31T12%3A00%3A00%2B01%3A00")
        #expect(ReadPoint.time(Date(timeIntervalSince1970: 0.5)).query == "?at=1970-01-01T00%3A00%3A00.500Z")
    }
}
