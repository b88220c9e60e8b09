import Commands
import EventLog
import NIOCore
import SplitMix
import Testing

@testable import Cache

@Suite struct CacheEntryEncodingTests {
    @Test("What is decoded is what was encoded", arguments: [1, 2, 3] as [UInt64])
    func roundTrip(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        for round in 0..<500 {
            let entry = Self.entry(&random)
            let bytes = try #require(CacheEntryEncoding.encode(entry))
            #expect(
                CacheEntryEncoding.decode(ByteBuffer(bytes: bytes)) == .entry(entry), "seed \(seed), round \(round)")
        }
    }

    @Test("A truncated or lengthened entry is undecodable", arguments: [4, 5] as [UInt64])
    func truncated(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        for _ in 0..<50 {
            let bytes = try #require(CacheEntryEncoding.encode(Self.entry(&random)))
            for count in bytes.indices {
                #expect(
                    CacheEntryEncoding.decode(ByteBuffer(bytes: bytes[..<count])) == .undecodable,
                    "seed \(seed): \(count) of \(bytes)")
            }
            #expect(CacheEntryEncoding.decode(ByteBuffer(bytes: bytes + [0])) == .undecodable, "seed \(seed)")
        }
    }

    @Test("Garbage never traps, and what decodes is an entry that encodes", arguments: [6, 7, 8] as [UInt64])
    func garbage(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        for _ in 0..<5_000 {
            var bytes: [UInt8]
            if Bool.random(using: &random) {
                bytes = [1] + random.bytes(Int.random(in: 0...80, using: &random))
            } else {
                bytes = try #require(CacheEntryEncoding.encode(Self.entry(&random)))
                bytes[Int.random(in: bytes.indices, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            }
            if case .entry(let entry) = CacheEntryEncoding.decode(ByteBuffer(bytes: bytes)) {
                #expect(CacheEntryEncoding.encode(entry) == bytes, "seed \(seed)")
            }
        }
    }

    @Test("A lease is no entry, whatever its token")
    func lease() {
        #expect(CacheEntryEncoding.decode(ByteBuffer(bytes: CacheEntryEncoding.encodeLease(token: "abc"))) == .lease)
        #expect(CacheEntryEncoding.decode(ByteBuffer()) == .undecodable)
        #expect(CacheEntryEncoding.decode(ByteBuffer(bytes: [2, 0])) == .undecodable)
    }

    @Test(
        "A value past its expiry is absent, at the same version",
        arguments: [(nil, false), (100, false), (51, false), (50, true), (1, true)] as [(Int64?, Bool)])
    func expiry(expiresAt: Int64?, absent: Bool) {
        let entry = CacheEntry(
            state: KeyState(
                version: 9, createdVersion: 8, deleted: false,
                expiresAt: expiresAt.map(Timestamp.init(microseconds:))),
            modifiedAt: Timestamp(microseconds: 5), contentType: "text/plain", value: ByteBuffer(string: "value"))
        let seen = entry.seen(at: Timestamp(microseconds: 50))
        #expect(seen.state.deleted == absent)
        #expect(seen.state.version == 9)
        #expect((seen.value.readableBytes == 0) == absent)
    }

    private static func entry(_ random: inout SplitMix64) -> CacheEntry {
        let deleted = Int.random(in: 0..<4, using: &random) == 0
        let expires = Bool.random(using: &random)
        let state = KeyState(
            version: random.next(), createdVersion: random.next(), deleted: deleted,
            expiresAt: expires ? Timestamp(microseconds: Int64(bitPattern: random.next())) : nil)
        let types = [Content.defaultType, "text/plain; charset=utf-8", "", "a/\u{e9}\u{1F30A}"]
        let value = deleted ? [] : random.bytes(Int.random(in: 0...64, using: &random))
        return CacheEntry(
            state: state, modifiedAt: Timestamp(microseconds: Int64(bitPattern: random.next())),
            contentType: types.randomElement(using: &random)!, value: ByteBuffer(bytes: value))
    }
}
