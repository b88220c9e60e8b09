import EventLog
import Foundation
import NIOCore
import Testing

@testable import Cache
@testable import Commands
@testable import Gateway

/// What comes over the queues, out of Redis, and back from clients in tokens.
@Suite("Hostile bytes: messages, entries, tokens")
struct WireFuzzTests {
    private static let commands: [Command] = [
        Command(
            id: CommandID(high: 0x0190_0000_0000_7000, low: 0x8000_0000_0000_0001),
            operation: .put(Content(value: Data("blue".utf8), type: "text/plain")), key: try! Key("colour"),
            principal: "anonymous", issuedAt: Timestamp(microseconds: 1_795_519_016_000_042)),
        Command(
            id: CommandID(high: 0x0190_0000_0000_7000, low: 0x8000_0000_0000_0002), operation: .delete,
            key: try! Key("{a}/é"), precondition: .versions([3, UInt64(Int64.max)]), timeToLive: .seconds(60),
            principal: "", issuedAt: Timestamp(microseconds: 0),
            fingerprint: Fingerprint(bytes: Data(repeating: 7, count: 16)),
            traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", wantsOutcome: true),
        Command(
            id: CommandID(high: 0x0190_0000_0000_7000, low: 0x8000_0000_0000_0003), operation: .barrier,
            key: try! Key("k"), precondition: .absent, principal: "p", issuedAt: Timestamp(microseconds: 1)),
    ]

    @Test("A message of commands is refused or read, and what was read can be written and read again")
    func commandBatch() {
        let encoded = Self.commands.map(EncodedCommand.init)
        let corpus = [encoded, [encoded[0]], [encoded[1]]].map {
            CommandBatch.encode(partition: Partition(3), origin: Origin(9), firstN: 1, commands: $0)
        }.map(Array.init)
        Fuzzer("CommandBatch.decode", corpus).run { input, seed in
            guard case .success(let batch) = CommandBatch.decode(Data(input)) else { return }
            let again = CommandBatch.encode(
                partition: batch.partition, origin: batch.origin, firstN: batch.firstN,
                commands: batch.commands.map(EncodedCommand.init))
            #expect(try! CommandBatch.decode(again).get() == batch, "seed \(seed)")
        }
    }

    @Test("A message of outcomes is refused or read")
    func outcomes() {
        let results: [Outcome.Result] = [
            .put(created: true), .deleted(existed: false), .rejected(.preconditionFailed(current: 7)),
            .rejected(.idempotencyKeyReused), .barrier, .dead(reason: "it is"),
        ]
        let outcomes = results.map {
            Outcome(command: Self.commands[0].id, partition: Partition(3), sequence: 12, result: $0)
        }
        Fuzzer("OutcomeMessage.decode", [Array(OutcomeMessage.encode(outcomes, partition: Partition(3)))]).run {
            input, seed in
            guard case .success(let outcomes) = OutcomeMessage.decode(Data(input)), let first = outcomes.first else {
                return
            }
            let again = OutcomeMessage.encode(outcomes, partition: first.partition)
            #expect(try! OutcomeMessage.decode(again).get() == outcomes, "seed \(seed)")
        }
    }

    @Test("A corrupt entry in Redis is a miss; what is read is exactly what was written")
    func cacheEntry() {
        let entries = [
            CacheEntry(
                state: KeyState(version: 9, createdVersion: 2, deleted: false, expiresAt: nil),
                modifiedAt: Timestamp(microseconds: 5), contentType: "text/plain", value: ByteBuffer(string: "blue")),
            CacheEntry(
                state: KeyState(
                    version: 9, createdVersion: 2, deleted: false, expiresAt: Timestamp(microseconds: 77)),
                modifiedAt: Timestamp(microseconds: 5), contentType: Content.defaultType, value: ByteBuffer()),
            CacheEntry(
                state: KeyState(version: 1, createdVersion: 1, deleted: true, expiresAt: nil),
                modifiedAt: Timestamp(microseconds: 5), contentType: Content.defaultType, value: ByteBuffer()),
        ]
        let corpus = entries.map { CacheEntryEncoding.encode($0)! } + [CacheEntryEncoding.encodeLease(token: "abc")]
        Fuzzer("CacheEntryEncoding.decode", corpus).run { input, seed in
            guard case .entry(let entry) = CacheEntryEncoding.decode(ByteBuffer(bytes: input)) else { return }
            #expect(CacheEntryEncoding.encode(entry) == input, "seed \(seed)")
        }
    }

    @Test("A session token is refused or read, and has one text")
    func sessionToken() {
        let codec = SessionTokenCodec(clusterTag: 42, partitions: 16)
        var token = SessionToken()
        token.saw(300, in: Partition(3))
        token.wrote(Dot(origin: Origin(7), n: 4), in: Partition(3))
        token.wrote(Dot(origin: Origin(8), n: 1 << 40), in: Partition(15))
        let corpus = [codec.encode(token), codec.empty, codec.encode(sequence: 5, in: Partition(0))].map {
            Array($0.utf8)
        }
        Fuzzer("SessionTokenCodec.decode, text", corpus).run { input, seed in
            check(codec, String(decoding: input, as: UTF8.self), seed)
        }
        // Past Base64, where nearly every damaged text ends.
        Fuzzer("SessionTokenCodec.decode, bytes", corpus.map { Base64URL.decode(String(decoding: $0, as: UTF8.self))! })
            .run { input, seed in check(codec, input.withUnsafeBytes(Base64URL.encode), seed) }
    }

    @Test("A feed's position is refused or read, and has one text")
    func feedPosition() {
        let codec = FeedPositionCodec(clusterTag: 42, partitions: 4)
        let corpus = [[0, 0, 0, 0], [1, 127, 128, 300], [5, 0, UInt64(Int64.max), 1]].map {
            Array(codec.encode(FeedPosition($0)).utf8)
        }
        func check(_ text: String, _ seed: UInt64) {
            guard let position = try? codec.decode(text) else { return }
            #expect(codec.encode(position) == text, "seed \(seed)")
        }
        Fuzzer("FeedPositionCodec.decode, text", corpus).run { input, seed in
            check(String(decoding: input, as: UTF8.self), seed)
        }
        Fuzzer(
            "FeedPositionCodec.decode, bytes",
            corpus.map { Base64URL.decode(String(decoding: $0, as: UTF8.self))! }
        )
        .run { input, seed in check(input.withUnsafeBytes(Base64URL.encode), seed) }
    }

    private func check(_ codec: SessionTokenCodec, _ text: String, _ seed: UInt64) {
        guard let token = try? codec.decode(text) else { return }
        #expect(codec.encode(token) == text, "seed \(seed)")
    }
}
