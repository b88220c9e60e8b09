import Foundation
import SplitMix

/// Feeds a decoder with what nobody meant to send: whole inputs damaged a little, pieces of several, and plain noise.
///
/// Every input is made of one seed. `FUZZ_INPUTS` says how many each decoder gets (20,000), `FUZZ_SEED` with which seed they
/// begin (0): a decoder that traps ends the process, and the last line on standard error names the seed.
struct Fuzzer {
    static let inputs = number("FUZZ_INPUTS") ?? 20_000
    static let firstSeed = number("FUZZ_SEED") ?? 0

    let name: StaticString
    /// Good inputs to begin from.
    let corpus: [[UInt8]]

    init(_ name: StaticString, _ corpus: [[UInt8]]) {
        precondition(!corpus.isEmpty, "nothing to begin from")
        self.name = name
        self.corpus = corpus
    }

    /// - Parameter body: gets an input and its seed.
    func run(_ body: (_ input: [UInt8], _ seed: UInt64) throws -> Void) rethrows {
        for seed in Self.firstSeed..<Self.firstSeed + Self.inputs {
            CrashNote.fuzzing(name, seed)
            try body(input(seed), seed)
        }
        CrashNote.done()
    }

    private func input(_ seed: UInt64) -> [UInt8] {
        var random = SplitMix64(seed: seed)
        var bytes = corpus[random.below(corpus.count)]
        for _ in 0..<1 + random.below(4) { damage(&bytes, &random) }
        return bytes
    }

    private func damage(_ bytes: inout [UInt8], _ random: inout SplitMix64) {
        let place = bytes.isEmpty ? 0 : random.below(bytes.count)
        switch random.below(9) {
        case 0: bytes = random.bytes(random.below(64))
        case 1: bytes.removeSubrange(place...)
        case 2: bytes.insert(contentsOf: random.bytes(1 + random.below(4)), at: place)
        case 3: bytes.removeSubrange(place..<min(bytes.count, place + 1 + random.below(8)))
        case 4:
            let other = corpus[random.below(corpus.count)]
            bytes = Array(bytes.prefix(place) + other.dropFirst(other.isEmpty ? 0 : random.below(other.count)))
        case 5: bytes.insert(contentsOf: bytes.prefix(random.below(40)), at: place)
        case 6:
            // Lengths and counts at their edges.
            let edges: [UInt8] = [0x00, 0x01, 0x7f, 0x80, 0xfe, 0xff]
            for offset in 0..<random.below(9) where place + offset < bytes.count {
                bytes[place + offset] = edges[random.below(edges.count)]
            }
        case 7:
            let hostile = [
                "\u{0}", "%", "\"", "{{", "}", ",", "*", "\u{fffd}", "é", "-1", "18446744073709551616", "e309",
            ]
            bytes.insert(contentsOf: Array(hostile[random.below(hostile.count)].utf8), at: place)
        default: if !bytes.isEmpty { bytes[place] ^= 1 << UInt8(random.below(8)) }
        }
    }

    private static func number(_ name: String) -> UInt64? {
        ProcessInfo.processInfo.environment[name].flatMap { UInt64($0) }
    }
}
