import Foundation
import SplitMix
import Testing

@testable import Commands

@Suite("Wire format")
struct WireTests {
    @Test("Decoding gives back what was encoded", arguments: 0..<200)
    func batchRoundTrip(seed: Int) throws {
        var generator = SplitMix64(seed: UInt64(seed))
        let batch = CommandBatch(
            partition: Partition(Int.random(in: 0..<1_024, using: &generator)), origin: Origin(generator.next()),
            firstN: .random(in: 1...1_000_000, using: &generator),
            commands: (0..<Int.random(in: 1...30, using: &generator)).map { _ in .random(using: &generator) })
        let message = CommandBatch.encode(
            partition: batch.partition, origin: batch.origin, firstN: batch.firstN,
            commands: batch.commands.map(EncodedCommand.init))
        #expect(try CommandBatch.decode(message).get() == batch, "seed \(seed)")
    }

    @Test("Outcomes come back as they were", arguments: 0..<100)
    func outcomesRoundTrip(seed: Int) throws {
        var generator = SplitMix64(seed: UInt64(seed))
        let partition = Partition(Int.random(in: 0..<1_024, using: &generator))
        let outcomes = (0..<Int.random(in: 1...30, using: &generator)).map { _ in
            Outcome.random(partition: partition, using: &generator)
        }
        let message = OutcomeMessage.encode(outcomes, partition: partition)
        #expect(try OutcomeMessage.decode(message).get() == outcomes, "seed \(seed)")
    }

    @Test("A damaged message is an error or another message, never a crash", arguments: 0..<100)
    func damage(seed: Int) {
        var generator = SplitMix64(seed: UInt64(seed))
        let message = CommandBatch.encode(
            partition: Partition(3), origin: Origin(9), firstN: 1,
            commands: (0..<5).map { _ in EncodedCommand(.random(using: &generator)) })
        let outcomes = OutcomeMessage.encode(
            (0..<5).map { _ in .random(partition: Partition(3), using: &generator) }, partition: Partition(3))
        for _ in 0..<50 {
            for original in [message, outcomes] {
                var damaged = original
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: damaged = damaged.prefix(Int.random(in: 0..<damaged.count, using: &generator))
                case 1: damaged = .random(upTo: 200, using: &generator)
                default:
                    for _ in 0..<Int.random(in: 1...4, using: &generator) {
                        let place = Int.random(in: 0..<damaged.count, using: &generator)
                        damaged[place] ^= UInt8.random(in: 1...255, using: &generator)
                    }
                }
                if case .success(let batch) = CommandBatch.decode(damaged) {
                    #expect(!batch.commands.isEmpty && batch.firstN > 0, "seed \(seed)")
                }
                _ = OutcomeMessage.decode(damaged)
            }
        }
    }

    @Test("A message without a command, or from the future, is refused")
    func refused() {
        func failure(_ message: Data) -> String? {
            if case .failure(let error) = CommandBatch.decode(message) { error.message } else { nil }
        }
        #expect(failure(Data()) == "unknown format 0")
        #expect(failure(Data([8, 2])) == "unknown format 2")
        #expect(failure(Data([0xff])) == "not a CommandBatch")
        let empty = CommandBatch.encode(partition: Partition(0), origin: Origin(1), firstN: 1, commands: [])
        #expect(failure(empty) == "partition, first_n or commands out of range")
    }

    @Test("A message id says the first n and the count", arguments: [("17+3", 17, 3), ("1+1000", 1, 1000)])
    func messageID(text: String, firstN: UInt64, count: Int) {
        #expect(MessageID(text) == MessageID(firstN: firstN, count: count))
        #expect(MessageID(firstN: firstN, count: count).description == text)
    }

    @Test("Other texts are no message ids", arguments: ["", "17", "17+", "+3", "17+0", "17+-1", "a+b", "1+2+3"])
    func notMessageID(text: String) { #expect(MessageID(text) == nil) }
}
