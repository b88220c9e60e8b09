import Foundation
import SplitMix
import Testing
import TidemarkClient

@testable import tidemark

@Suite struct ImportTests {
    @Test("Lines are the same however the stream is cut", arguments: [1, 2, 3, 4] as [UInt64])
    func splitting(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        for _ in 0..<100 {
            let text = (0..<Int.random(in: 0...60, using: &random)).map { _ in
                "ab\n".randomElement(using: &random) ?? "a"
            }
            let data = Data(String(text).utf8)
            var splitter = LineSplitter()
            var lines: [LineSplitter.Line] = []
            var rest = data[...]
            while !rest.isEmpty {
                let length = Int.random(in: 1...min(7, rest.count), using: &random)
                lines += try splitter.split(Data(rest.prefix(length)))
                rest = rest.dropFirst(length)
            }
            if let last = try splitter.finish() { lines.append(last) }
            let restored = Data(lines.map(\.bytes).joined(separator: [UInt8(ascii: "\n")]))
            let expected = data.last == UInt8(ascii: "\n") ? data.dropLast() : data
            #expect(restored == Data(expected), "seed \(seed)")
            #expect(lines.map(\.number) == Array(1..<(lines.count + 1)), "seed \(seed)")
            #expect(lines.last.map { $0.end == UInt64(data.count) } ?? data.isEmpty, "seed \(seed)")
        }
    }

    @Test("A line that is too long is named, before it is read whole")
    func longLine() throws {
        var splitter = LineSplitter(maximumBytes: 4)
        #expect(try splitter.split(Data("abcd\n".utf8)).count == 1)
        #expect(throws: LineSplitter.Fault.tooLong(line: 2, limit: 4)) { try splitter.split(Data("abcde".utf8)) }
    }

    @Test(
        "Everything before the ledger's offset has ended, and nothing after it is forgotten",
        arguments: [1, 2, 3] as [UInt64])
    func ledger(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var ledger = ImportLedger(offset: 100, lines: 3)
        var open: [(ImportLedger.Ticket, end: UInt64)] = []
        var ends: [UInt64] = [100]
        for line in 4..<12_000 {
            let end = ends[ends.endIndex - 1] + UInt64.random(in: 1...9, using: &random)
            ends.append(end)
            open.append((ledger.begin(line: line, end: end), end: end))
            while open.count > 50 || (!open.isEmpty && Bool.random(using: &random)) {
                ledger.end(open.remove(at: Int.random(in: open.indices, using: &random)).0)
            }
            let firstOpen = open.map(\.end).min()
            let expected = firstOpen.flatMap { first in ends.last { $0 < first } } ?? end
            if line % 97 == 0 { #expect(ledger.offset == expected, "seed \(seed), line \(line)") }
            #expect(ledger.open <= 60_000)
        }
        for (ticket, _) in open { ledger.end(ticket) }
        #expect(ledger.offset == ends.last)
        #expect(ledger.lines == 11_999)
        #expect(ledger.open == 0)
    }

    private func entry(_ key: String, bytes: Int = 1) -> ImportLane.Entry {
        var ledger = ImportLedger()
        let operation = BatchOperation(.put, key: key, value: Data(count: bytes))
        return ImportLane.Entry(operation: operation, line: 1, ticket: ledger.begin(line: 1, end: 1))
    }

    @Test("A request is full by records, by bytes, and before it has a key twice")
    func lane() {
        let limits = ImportLane.Limits(operations: 2, bytes: 1_000)
        var lane = ImportLane()
        #expect(!lane.isFull(for: entry("a", bytes: 5_000), limits), "one record always fits")
        lane.add(entry("a"))
        #expect(lane.isFull(for: entry("a"), limits))
        #expect(lane.isFull(for: entry("b", bytes: 900), limits))
        #expect(!lane.isFull(for: entry("b"), limits))
        lane.add(entry("b"))
        #expect(lane.isFull(for: entry("c"), limits))
        #expect(lane.take().map(\.operation.key) == ["a", "b"])
        #expect(lane.entries.isEmpty)
        #expect(!lane.isFull(for: entry("a"), limits))
    }

    @Test("Keys that look alike and differ in bytes are two keys")
    func equivalentKeys() {
        var lane = ImportLane()
        lane.add(entry("\u{e9}"))
        #expect(!lane.isFull(for: entry("e\u{301}"), ImportLane.Limits()))
    }

    @Test("A key has one lane, and lanes share the keys")
    func lanes() {
        let counts = (0..<4_000).reduce(into: [Int](repeating: 0, count: 4)) {
            $0[ImportLane.number(of: "key-\($1)", lanes: 4)] += 1
        }
        #expect(counts.allSatisfy { (800...1_200).contains($0) }, "\(counts)")
    }

    @Test("The same line is the same command; any part of it changed is another one")
    func idempotencyKey() {
        let record = ImportRecord(key: "k", value: Data("v".utf8), contentType: "t")
        #expect(record.idempotencyKey(occasion: "") == record.idempotencyKey(occasion: ""))
        let others = [
            ImportRecord(key: "kv", value: Data(), contentType: "t"),
            ImportRecord(key: "k", value: Data("vt".utf8), contentType: nil),
            ImportRecord(key: "k", value: Data("w".utf8), contentType: "t"),
        ]
        let names = Set(others.map { $0.idempotencyKey(occasion: "") } + [record.idempotencyKey(occasion: "x")])
        #expect(names.count == 4)
        #expect(!names.contains(record.idempotencyKey(occasion: "")))
        #expect(names.allSatisfy { $0.count <= 255 })
    }

    @Test("A known key is always known, and new ones nearly always new")
    func keysSeen() {
        var seen = KeysSeen()
        let mistaken = (0..<100_000).count { seen.insert("package-\($0)") }
        #expect(mistaken < 10)
        #expect((0..<100_000).allSatisfy { seen.insert("package-\($0)") })
    }

    @Test(
        "A line that is no record says why",
        arguments: [
            ("nonsense", "JSON"), ("{}", "\"key\" is missing"), (#"{"key":"a"}"#, "value_base64"),
            (#"{"key":"a","value":1}"#, "wrong type"), (#"{"key":"","value":"x"}"#, "1 to 1,024"),
            (#"{"key":"a","value_base64":"?"}"#, "value_base64"),
        ])
    func faults(line: String, expected: String) {
        do {
            _ = try JSONDecoder().decode(ImportRecord.self, from: Data(line.utf8))
            Issue.record("was read")
        } catch {
            #expect(JSONFault.sentence(error).contains(expected), "\(JSONFault.sentence(error))")
        }
    }

    @Test("Records survive export and import", arguments: [Data(), Data("é\n\"".utf8), Data([0xff, 0xfe])])
    func records(value: Data) throws {
        let record = ImportRecord(key: "a/b", value: value, contentType: "t/p")
        #expect(try JSONDecoder().decode(ImportRecord.self, from: try JSONEncoder().encode(record)) == record)
    }

    @Test("The state of an import survives, and what is no state is none")
    func state() throws {
        let folder = TemporaryFolder()
        let path = folder.path + "/x.tidemark-import"
        #expect(ImportState.read(path) == nil)
        var state = ImportState(source: .init(size: 10, modified: 1.5), offset: 7, lines: 2, records: 2, bytes: 5)
        state.tokens = ["a", "b"]
        try state.write(path)
        #expect(ImportState.read(path) == state)
        try AtomicFile.write(Data("{".utf8), to: path)
        #expect(ImportState.read(path) == nil)
    }

    @Test("Progress tells share, rate and time left")
    func progress() {
        let start = ContinuousClock.now
        let progress = ImportProgress(total: 1_000, records: 100, bytes: 200, isTerminal: true, now: start)
        let line = progress.line(offset: 600, records: 500, bytes: 2_048, now: start + .seconds(4))
        #expect(line == "[==============          ] 60%  500 records  100/s  2.0 KiB  ETA 0:04")
        let unknown = ImportProgress(total: nil, records: 0, bytes: 0, isTerminal: true, now: start)
        #expect(
            unknown.line(offset: 9, records: 1_000, bytes: 9, now: start + .seconds(1)) == "1,000 records  1,000/s  9 B"
        )
    }
}
