import Foundation
import SplitMix

@testable import Commands

extension Command {
    /// Any command that a gateway could send.
    static func random(using generator: inout SplitMix64) -> Command {
        let operation: Operation =
            switch Int.random(in: 0..<4, using: &generator) {
            case 0:
                .put(
                    Content(
                        value: .random(upTo: 300, using: &generator), type: .random(upTo: 20, using: &generator)))
            case 1: .delete
            case 2:
                .erase(
                    Erasure(
                        reason: .random(upTo: 40, using: &generator), first: .random(in: 1...9, using: &generator),
                        last: generator.chance(50) ? .random(in: 9...99, using: &generator) : nil))
            default: .barrier
            }
        let precondition: Precondition =
            switch Int.random(in: 0..<4, using: &generator) {
            case 0: .none
            case 1: .exists
            case 2: .absent
            default: .versions((0..<Int.random(in: 0..<4, using: &generator)).map { _ in generator.next() })
            }
        return Command(
            id: CommandID(high: generator.next(), low: generator.next()),
            operation: operation,
            key: try! Key("k" + String.random(upTo: 40, using: &generator)),
            precondition: precondition,
            timeToLive: generator.chance(30) ? .seconds(Int64.random(in: 1...316_224_000, using: &generator)) : nil,
            principal: .random(upTo: 20, using: &generator),
            issuedAt: Timestamp(microseconds: .random(in: 0...Timestamp.maximumMicroseconds, using: &generator)),
            fingerprint: generator.chance(30) ? Fingerprint(bytes: .random(exactly: 16, using: &generator)) : nil,
            traceparent: generator.chance(30) ? "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" : nil,
            wantsOutcome: generator.chance(50))
    }
}

extension Outcome {
    static func random(partition: Partition, using generator: inout SplitMix64) -> Outcome {
        let result: Result =
            switch Int.random(in: 0..<6, using: &generator) {
            case 0: .put(created: generator.chance(50))
            case 1: .deleted(existed: generator.chance(50))
            case 2: .rejected(.preconditionFailed(current: generator.chance(50) ? generator.next() : nil))
            case 3: .rejected(.idempotencyKeyReused)
            case 4: .barrier
            default: .dead(reason: .random(upTo: 30, using: &generator))
            }
        return Outcome(
            command: CommandID(high: generator.next(), low: generator.next()), partition: partition,
            sequence: generator.next(), result: result)
    }
}

extension String {
    static func random(upTo length: Int, using generator: inout SplitMix64) -> String {
        let alphabet: [Character] = ["a", "Z", "/", "{", "}", " ", "é", "e\u{301}", "漢", "🐟", "%", "\u{1}"]
        let count = Int.random(in: 0...length, using: &generator)
        return String((0..<count).map { _ in alphabet.randomElement(using: &generator)! })
    }
}

extension Data {
    static func random(upTo length: Int, using generator: inout SplitMix64) -> Data {
        random(exactly: Int.random(in: 0...length, using: &generator), using: &generator)
    }

    static func random(exactly length: Int, using generator: inout SplitMix64) -> Data {
        Data((0..<length).map { _ in UInt8.random(in: 0...255, using: &generator) })
    }
}
