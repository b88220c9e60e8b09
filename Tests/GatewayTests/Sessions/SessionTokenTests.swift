import Commands
import SplitMix
import Testing

@testable import Gateway

@Suite("Session tokens")
struct SessionTokenTests {
    private let codec = SessionTokenCodec(clusterTag: 0x0123_4567_89ab_cdef, partitions: 16)

    @Test("Decoding gives back what was encoded", arguments: 0..<200 as Range<UInt64>)
    func roundTrip(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let token = SessionToken.random(partitions: 16, &random)
        let text = codec.encode(token)
        #expect(try codec.decode(text) == token.normalized, "seed \(seed)")
        #expect(
            text.utf8.allSatisfy {
                $0 == 0x2d || $0 == 0x5f || Character(UnicodeScalar($0)).isLetter
                    || Character(UnicodeScalar($0)).isNumber
            })
    }

    @Test(
        "The short way to encode one mark gives the same text",
        arguments: [0, 1, 127, 128, 300, 1 << 40, .max] as [UInt64])
    func oneMark(sequence: UInt64) throws {
        for partition in [0, 15].map(Partition.init) {
            var token = SessionToken()
            if sequence > 0 { token.saw(sequence, in: partition) }
            #expect(codec.encode(sequence: sequence, in: partition) == codec.encode(token))
        }
        let large = SessionTokenCodec(clusterTag: .max, partitions: 1_024)
        var token = SessionToken()
        token.saw(.max, in: Partition(1_023))
        #expect(large.encode(sequence: .max, in: Partition(1_023)) == large.encode(token))
    }

    @Test("A token of another cluster, of another number of partitions, or a damaged one is refused")
    func refusals() throws {
        var token = SessionToken()
        token.saw(70_000, in: Partition(3))
        token.wrote(Dot(origin: Origin(7), n: 9), in: Partition(4))
        let text = codec.encode(token)
        #expect(throws: SessionTokenCodec.Invalid.otherCluster) {
            try SessionTokenCodec(clusterTag: 1, partitions: 16).decode(text)
        }
        #expect(throws: SessionTokenCodec.Invalid.otherPartitions) {
            try SessionTokenCodec(clusterTag: 0x0123_4567_89ab_cdef, partitions: 32).decode(text)
        }
        #expect(throws: SessionTokenCodec.Invalid.tooLong) {
            try codec.decode(String(repeating: "A", count: SessionTokenCodec.maximumCharacters + 1))
        }
        for bad in ["", "x", "!!!!", "AAAA", text + "A", text + "AA", text + "=", String(text.dropLast()), " " + text] {
            #expect(throws: SessionTokenCodec.Invalid.self, "\(bad)") { try codec.decode(bad) }
        }
        var many = SessionToken()
        for origin in 0...UInt64(SessionTokenCodec.maximumPendingDots) {
            many.wrote(Dot(origin: Origin(origin), n: 1), in: Partition(0))
        }
        #expect(throws: SessionTokenCodec.Invalid.tooManyPendingDots) { try codec.decode(codec.encode(many)) }
    }

    @Test(
        "Marks out of order, twice, empty, or with integers longer than need be are refused",
        arguments: [
            [5, 1, 0, 5, 1, 0], [5, 1, 0, 4, 1, 0], [5, 0, 0], [16, 1, 0], [5, 0x81, 0x00, 0], [5, 1], [5, 1, 1],
            [5] + [UInt8](repeating: 0xff, count: 10) + [0],
            [5, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0],
            [5, 0, 2, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1],
        ] as [[UInt8]])
    func strict(marks: [UInt8]) throws {
        let head = try #require(Base64URL.decode(codec.empty))
        let text = (head + marks).withUnsafeBytes(Base64URL.encode)
        #expect(throws: SessionTokenCodec.Invalid.malformed) { try codec.decode(text) }
    }

    @Test("Whatever is decoded has one text, and no input traps", arguments: 0..<40 as Range<UInt64>)
    func fuzz(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        for _ in 0..<200 {
            var bytes = try #require(Base64URL.decode(codec.encode(SessionToken.random(partitions: 16, &random))))
            for _ in 0..<Int.random(in: 1...3, using: &random) where !bytes.isEmpty {
                switch Int.random(in: 0..<3, using: &random) {
                case 0:
                    bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.remove(at: Int.random(in: 0..<bytes.count, using: &random))
                default:
                    bytes.insert(
                        UInt8.random(in: 0...255, using: &random), at: Int.random(in: 0...bytes.count, using: &random))
                }
            }
            let text = bytes.withUnsafeBytes(Base64URL.encode)
            guard let token = try? codec.decode(text) else { continue }
            #expect(codec.encode(token) == text, "seed \(seed)")
        }
    }

    @Test(
        "What a token says never shrinks, and folding keeps every write that isn't applied",
        arguments: 0..<200 as Range<UInt64>)
    func monotone(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var token = SessionToken()
        // The world: of each partition what every origin has sent and what is applied of it.
        var sent: [Partition: [Origin: UInt64]] = [:]
        var vectors: [Partition: VersionVector] = [:]
        var written: [(Partition, Dot)] = []
        for _ in 0..<100 {
            let before = token
            let partition = Partition(Int.random(in: 0..<3, using: &random))
            let origin = Origin(UInt64.random(in: 0..<3, using: &random))
            switch Int.random(in: 0..<4, using: &random) {
            case 0:
                sent[partition, default: [:]][origin, default: 0] += 1
                let dot = Dot(origin: origin, n: sent[partition]![origin]!)
                token.wrote(dot, in: partition)
                written.append((partition, dot))
            case 1:
                guard let n = sent[partition]?[origin] else { continue }
                var vector = vectors[partition] ?? VersionVector()
                let applied = vector.applied[origin] ?? 0
                guard applied < n else { continue }
                vector.applied[origin] = applied + 1
                vector.sequence += 1
                vectors[partition] = vector
            case 2: token.fold(vectors[partition] ?? VersionVector(), in: partition)
            default:
                if let vector = vectors[partition] {
                    token.saw(UInt64.random(in: 0...vector.sequence, using: &random), in: partition)
                }
            }
            for mark in before.marks {
                #expect((token[mark.partition]?.sequence ?? 0) >= mark.sequence, "seed \(seed)")
            }
            for (partition, dot) in written {
                let vector = vectors[partition] ?? VersionVector()
                let mark = token[partition]
                let isPending = mark?.pending.contains { $0.origin == dot.origin && $0.n >= dot.n } ?? false
                #expect(isPending || (vector.covers(dot) && (mark?.sequence ?? 0) > 0), "seed \(seed)")
            }
        }
    }

    @Test(
        "Base64url agrees with RFC 4648's vectors",
        arguments: [
            ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("fooba", "Zm9vYmE"),
            ("foobar", "Zm9vYmFy"),
        ])
    func base64(plain: String, encoded: String) {
        #expect(Array(plain.utf8).withUnsafeBytes(Base64URL.encode) == encoded)
        #expect(Base64URL.decode(encoded) == Array(plain.utf8))
    }
}

extension SessionToken {
    fileprivate static func random(partitions: Int, _ random: inout SplitMix64) -> SessionToken {
        var token = SessionToken()
        for _ in 0..<Int.random(in: 0...20, using: &random) {
            let partition = Partition(Int.random(in: 0..<partitions, using: &random))
            if Bool.random(using: &random) {
                token.saw(1 + random.next() >> UInt64.random(in: 1...63, using: &random), in: partition)
            } else {
                let origin = Origin(random.next() >> UInt64.random(in: 0...60, using: &random))
                token.wrote(Dot(origin: origin, n: UInt64.random(in: 1...500, using: &random)), in: partition)
            }
        }
        return token
    }

    /// Dots in origin order, as a decoded token has them.
    fileprivate var normalized: SessionToken {
        var token = SessionToken()
        for mark in marks {
            if mark.sequence > 0 { token.saw(mark.sequence, in: mark.partition) }
            for dot in mark.pending.sorted(by: { $0.origin < $1.origin }) { token.wrote(dot, in: mark.partition) }
        }
        return token
    }
}
