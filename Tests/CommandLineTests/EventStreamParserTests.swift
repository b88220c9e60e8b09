import Foundation
import SplitMix
import Testing

@testable import TidemarkClient

@Suite("Server-sent events, taken apart") struct EventStreamParserTests {
    private let text =
        ": hello\nretry: 1000\nid: p1\n\n: only a comment\n\nevent: put\nid: p2\ndata: {\"a\":1}\n\n"
        + "id:p3\r\ndata: one\r\ndata:two\r\n\r\ndata\n\nid: never ended"

    @Test("Blocks come whole, however the bytes are cut", arguments: 0..<100) func chunks(seed: Int) {
        var random = SplitMix64(seed: UInt64(seed))
        var parser = EventStreamParser()
        var rest = Array(text.utf8)[...]
        var blocks: [EventStreamParser.Block] = []
        while !rest.isEmpty {
            let count = min(rest.count, 1 + random.below(12))
            parser.append(rest.prefix(count))
            rest = rest.dropFirst(count)
            while let block = parser.next() { blocks.append(block) }
        }
        #expect(
            blocks == [
                .init(id: "p1", data: nil), .init(id: "p2", data: Data("{\"a\":1}".utf8)),
                .init(id: "p3", data: Data("one\ntwo".utf8)), .init(id: nil, data: Data()),
            ])
    }
}
