import Audit
import Commands
import EventLog
import Foundation
import Testing

@Suite("A part of a log as a log of its own")
struct LogExtractTests {
    private static func event(_ sequence: UInt64, _ kind: Event.Kind, after previous: UInt64?) -> Event {
        var event = Event(
            partition: Partition(3), sequence: sequence, kind: kind, key: Key(trusted: "a"), previousVersion: previous,
            principal: "alice", commandID: CommandID(high: sequence, low: 1), dot: Dot(origin: Origin(7), n: sequence),
            issuedAt: Timestamp(microseconds: 5), appliedAt: Timestamp(microseconds: Int64(sequence)))
        event.leafHash = event.computedLeafHash
        return event
    }

    private static let story = [
        event(5, .put, after: nil), event(6, .put, after: nil), event(1_000, .rejected, after: 6),
        event(1_001, .put, after: 5), event(70_000, .deleted, after: 1_001),
    ]

    @Test("Sequences have no gaps, versions before are found again, leaves fit, and all else stays")
    func renumbered() throws {
        var extract = LogExtract(isWhole: false)
        let taken = try Self.story.map { event throws(Divergence) in try extract.take(event) }
        #expect(taken.map(\.sequence) == [1, 2, 3, 4, 5] && extract.size == 5)
        #expect(taken.map(\.previousVersion) == [nil, nil, 2, 1, 4])
        for (was, var event) in zip(Self.story, taken) {
            #expect(event.leafHash == event.computedLeafHash && event.leafHash != was.leafHash)
            (event.sequence, event.previousVersion, event.leafHash) = (was.sequence, was.previousVersion, was.leafHash)
            #expect(event == was)
        }
    }

    @Test(
        "The versions that an erasure names are those of the part",
        arguments: [
            ("asked", "asked"), ("versions 5 to 6: asked", "versions 1 to 2: asked"),
            ("versions 6 to 1000: asked", "versions 2 to 3: asked"),
            ("versions from 7: asked", "versions from 3: asked"),
            ("versions 2 to 5: versions 1 to 2: x", "versions 1 to 1: versions 1 to 2: x"),
            ("versions 1 to 18446744073709551615: asked", "versions 1 to 6: asked"), ("versions: all", "versions: all"),
        ])
    func erasures(record: String, expected: String) throws {
        var extract = LogExtract(isWhole: false)
        for event in Self.story { _ = try extract.take(event) }
        var erased = Self.event(80_000, .erased, after: nil)
        erased.reason = record
        let taken = try extract.take(erased)
        #expect(taken.reason == expected)
        #expect(taken.leafHash == taken.computedLeafHash)
    }

    @Test("Of all keys it is the log itself")
    func whole() throws {
        var extract = LogExtract(isWhole: true)
        #expect(try Self.story.map { event throws(Divergence) in try extract.take(event) } == Self.story)
        #expect(extract.size == 5)
    }

    @Test("A version that the log does not have is told")
    func missing() throws {
        for version in [0, 4, 7, 999, 2_000] as [UInt64] {
            var extract = LogExtract(isWhole: false)
            for event in Self.story { _ = try extract.take(event) }
            #expect(throws: Divergence.self, "\(version)") {
                try extract.take(Self.event(80_000, .put, after: version))
            }
        }
    }
}
