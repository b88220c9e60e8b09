import Commands
import Foundation
import Testing

@testable import EventLog

@Suite("Folding events into last states")
struct ReplayBufferTests {
    private static func event(
        _ sequence: UInt64, _ kind: Event.Kind, _ key: String, _ value: String? = nil
    ) -> ReplayedEvent {
        ReplayedEvent(
            sequence: sequence, kind: kind, key: Key(trusted: key),
            content: value.map { Content(value: Data($0.utf8), type: "t") },
            expiresAt: value == "short" ? Timestamp(microseconds: 99) : nil,
            appliedAt: Timestamp(microseconds: Int64(sequence)))
    }

    private static let story = [
        event(1, .put, "a", "1"), event(2, .put, "b", "short"), event(3, .rejected, "c"), event(4, .put, "a", "22"),
        event(5, .expired, "b"), event(6, .deleted, "a"), event(7, .put, "a", "333"), event(8, .deleted, "d"),
        event(9, .deleted, "d"), event(10, .put, "a", "4"), event(11, .put, "b", "short"),
    ]

    /// Version, created version, deleted, value.
    private static let expected = [
        "a": "10 7 false 4", "b": "11 11 false short", "d": "9 8 true ",
    ]

    @Test("Whatever is forgotten between rounds, asked again or kept, the last states are the same", arguments: 0..<40)
    func rounds(seed: Int) {
        var table: [Key: StoredValue] = [:]
        var buffer = ReplayBuffer(knowsAll: true, keyLimit: seed % 4)
        for (index, event) in Self.story.enumerated() {
            let unknown = buffer.unknown([event])
            buffer.learn(unknown, states: table.mapValues(\.state))
            buffer.fold(event)
            if (index * 7 + seed) % (1 + seed / 4) == 0 {
                for row in buffer.changed { table[row.key] = row.value }
                buffer.written()
            }
        }
        for row in buffer.changed { table[row.key] = row.value }
        let found = Dictionary(
            uniqueKeysWithValues: table.map { key, value in
                (
                    key.text,
                    "\(value.state.version) \(value.state.createdVersion) \(value.state.deleted) "
                        + String(decoding: value.content.value, as: UTF8.self)
                )
            })
        #expect(found == Self.expected)
        #expect(table[Key(trusted: "b")]?.state.expiresAt == Timestamp(microseconds: 99))
        #expect(table[Key(trusted: "a")]?.modifiedAt == Timestamp(microseconds: 10))
    }

    @Test("A key written over and over counts once, and with its last value")
    func size() {
        var buffer = ReplayBuffer(knowsAll: true)
        for sequence in 1...1_000 { buffer.fold(Self.event(UInt64(sequence), .put, "k", "value")) }
        #expect(buffer.changed.count == 1 && buffer.changedBytes < 200)
        buffer.written()
        #expect(buffer.changed.isEmpty && buffer.changedBytes == 0)
    }

    @Test("Rows of new keys, and of others, are written in the order of their keys' bytes")
    func order() {
        let names = [
            "0123456789abcdef", "0123456789abcdef2", "0123456789abcdef10", "é", "z", "a", "ab", "0123456789abcdeé", "~",
        ]
        let known = Set(["z", "ab", "0123456789abcdef"].map(Key.init(trusted:)))
        var buffer = ReplayBuffer(knowsAll: false)
        let state = KeyState(version: 1, createdVersion: 1, deleted: false, expiresAt: nil)
        for (index, name) in names.enumerated() {
            let event = Self.event(UInt64(index + 2), .put, name, "value")
            buffer.learn([event.key], states: known.contains(event.key) ? [event.key: state] : [:])
            buffer.fold(event)
        }
        for new in [true, false] {
            let found = buffer.ordered(new: new).map { buffer.changed[$0].key }
            #expect(found == names.map(Key.init(trusted:)).filter { known.contains($0) != new }.sorted())
        }
    }
}

@Suite("Digests of sets of rows")
struct ProjectionDigestTests {
    private static func digest(_ rows: [String]) -> ProjectionDigest {
        var digest = ProjectionDigest()
        for row in rows { Array(row.utf8).withUnsafeBytes { digest.add($0) } }
        return digest
    }

    @Test("Order doesn't matter; a row more, less, twice or changed does")
    func sets() {
        let rows = (0..<50).map { "row \($0)" }
        let whole = Self.digest(rows)
        #expect(Self.digest(rows.reversed()) == whole)
        #expect(Self.digest(Array(rows.dropLast())) != whole)
        #expect(Self.digest(rows + ["row 3"]) != whole)
        #expect(Self.digest(rows.dropLast() + ["row 3"]) != whole)
        #expect(Self.digest(rows.dropLast() + ["row 49."]) != whole)
        #expect(Self.digest([]).description == String(repeating: "0", count: 64))
    }
}
