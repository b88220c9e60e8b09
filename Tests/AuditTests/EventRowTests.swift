import Commands
import EventLog
import Foundation
import SplitMix
import Testing

@Suite("Rows of the log as they are streamed")
struct EventRowTests {
    @Test("Whatever an event holds, its row has the same leaf, and gives the event back")
    func leaves() throws {
        var random = SplitMix64(seed: 16)
        func maybe<T>(_ value: @autoclosure () -> T) -> T? { Bool.random(using: &random) ? value() : nil }
        func bytes(_ count: Int) -> Data { Data((0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }) }
        func text() -> String {
            String((0..<Int.random(in: 0...40, using: &random)).map { _ in "aé😀/{".randomElement(using: &random)! })
        }
        for round in 0..<500 {
            let value = maybe(bytes(Int.random(in: 0...600, using: &random)))
            let type = maybe(text())
            var event = Event(
                partition: Partition(Int.random(in: 0..<1_024, using: &random)),
                sequence: UInt64.random(in: 1...1 << 40, using: &random),
                kind: Event.Kind.allCases.randomElement(using: &random)!, key: Key(trusted: "k" + text()),
                content: value.map { Content(value: $0, type: type ?? Content.defaultType) },
                size: maybe(Int.random(in: 0...1 << 20, using: &random)), salt: maybe(bytes(16)),
                commitment: maybe(bytes(32)), contentType: type,
                expiresAt: maybe(Timestamp(microseconds: .random(in: -5...1 << 52, using: &random))),
                previousVersion: maybe(.random(in: 1...1 << 40, using: &random)), reason: maybe(text()),
                principal: text(),
                commandID: CommandID(
                    high: .random(in: 0 ... .max, using: &random), low: .random(in: 0 ... .max, using: &random)),
                fingerprint: maybe(Fingerprint(bytes: bytes(16))!),
                dot: maybe(
                    Dot(origin: Origin(.random(in: 0 ... .max, using: &random)), n: .random(in: 1...9, using: &random))),
                traceparent: maybe(text()), issuedAt: Timestamp(microseconds: .random(in: 0...1 << 52, using: &random)),
                appliedAt: Timestamp(microseconds: .random(in: 0...1 << 52, using: &random)))
            event.leafHash = event.computedLeafHash
            let read = try CopyRowBuffer(event).withRow { row in (EventRow(row).computedLeaf.data, EventRow(row).event)
            }
            #expect(read.0 == event.leafHash, "round \(round)")
            #expect(read.1 == event, "round \(round)")
            var bare = event
            bare.content = nil
            bare.salt = nil
            #expect(Event(leafData: event.leafData) == bare, "round \(round)")
            #expect(Event(leafData: event.leafData.dropLast()) == nil)
        }
    }
}
