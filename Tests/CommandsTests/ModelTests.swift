import Foundation
import Testing

@testable import Commands

@Suite("Command model")
struct ModelTests {
    @Test(
        "FNV-1a gives the published values",
        arguments: [
            ("", 0xcbf2_9ce4_8422_2325 as UInt64), ("a", 0xaf63_dc4c_8601_ec8c), ("b", 0xaf63_df4c_8601_f1a5),
            ("foobar", 0x8594_4171_f739_67e8), ("chongo was here!\n", 0x4681_0940_eff5_f915),
        ])
    func fnv(text: String, hash: UInt64) { #expect(fnv1a64(text.utf8) == hash) }

    @Test(
        "A hash tag alone chooses the partition, when there is one",
        arguments: [
            ("user:{42}:name", "42", true), ("{42}", "42", true), ("a{42}b{43}", "42", true), ("{a{b}", "a{b", true),
            ("{}42", "42", false), ("{42", "42", false), ("42}", "42", false),
        ])
    func hashTags(key: String, tag: String, same: Bool) throws {
        let partitioner = Partitioner(count: 1_024)
        let (a, b) = (partitioner.partition(of: try Key(key)), partitioner.partition(of: try Key(tag)))
        #expect((a == b) == same)
    }

    @Test("A key without a tag is hashed whole", arguments: ["{}42", "{42", "42}", "plain"])
    func wholeKey(key: String) throws {
        #expect(Partitioner(count: 16).partition(of: try Key(key)).number == Int(fnv1a64(key.utf8) % 16))
    }

    @Test(
        "Keys of 1 to 1,024 bytes without NUL are keys",
        arguments: ["a", "/", "é", String(repeating: "é", count: 512)])
    func validKeys(text: String) throws { #expect(try Key(text).text == text) }

    @Test(
        "Other texts are not",
        arguments: [
            ("", Key.Invalid.empty), ("a\0b", .containsNUL),
            (String(repeating: "é", count: 513), .tooLong(bytes: 1_026)),
        ])
    func invalidKeys(text: String, error: Key.Invalid) { #expect(throws: error) { try Key(text) } }

    @Test("Keys are equal and ordered by their bytes")
    func keyBytes() throws {
        let (one, two) = (try Key("\u{e9}"), try Key("e\u{301}"))
        #expect(one.text == two.text && one != two && two < one)
        #expect(Set([one, two, one]).count == 2)
    }

    @Test(
        "A precondition holds or not",
        arguments: [
            (Precondition.none, nil, true), (.none, 3, true), (.exists, nil, false), (.exists, 3, true),
            (.absent, nil, true), (.absent, 3, false), (.versions([2, 3]), 3, true), (.versions([2]), 3, false),
            (.versions([2]), nil, false), (.versions([]), 3, false),
        ] as [(Precondition, UInt64?, Bool)])
    func preconditions(precondition: Precondition, version: UInt64?, holds: Bool) {
        #expect(precondition.holds(version: version) == holds)
    }

    @Test(
        "A timestamp is written as RFC 3339",
        arguments: [
            (0, "1970-01-01T00:00:00.000000Z"), (1_795_519_016_000_042, "2026-11-24T11:16:56.000042Z"),
            (951_782_400_999_999, "2000-02-29T00:00:00.999999Z"), (-1, "1969-12-31T23:59:59.999999Z"),
        ])
    func writeTime(microseconds: Int64, text: String) {
        #expect(Timestamp(microseconds: microseconds).rfc3339 == text)
        #expect(Timestamp(rfc3339: text)?.microseconds == microseconds)
    }

    @Test(
        "RFC 3339 is read with offsets and up to nine digits",
        arguments: [
            ("2026-11-24T11:16:56Z", 1_795_519_016_000_000), ("2026-11-24T12:16:56+01:00", 1_795_519_016_000_000),
            ("2026-11-24T11:16:56.5Z", 1_795_519_016_500_000),
            ("2026-11-24T11:16:56.123456789Z", 1_795_519_016_123_456),
            ("2026-11-24T06:16:56.5-05:00", 1_795_519_016_500_000),
        ])
    func readTime(text: String, microseconds: Int64) { #expect(Timestamp(rfc3339: text)?.microseconds == microseconds) }

    @Test(
        "Other texts are not times",
        arguments: ["", "now", "2026-11-24", "2026-11-24T11:16:56", "2026-11-24T11:16:56.Z", "2026-13-24T11:16:56Z"])
    func notTime(text: String) { #expect(Timestamp(rfc3339: text) == nil) }

    @Test("An id is read and written in its 8-4-4-4-12 form")
    func commandIDText() {
        let text = "01890a5d-ac96-774b-bcce-b302099a8057"
        let id = CommandID(text)
        #expect(id?.description == text)
        #expect(CommandID(text.uppercased()) == id)
        #expect(id.flatMap { CommandID(bytes: $0.bytes) } == id)
        for bad in [
            "", "01890a5dac96774bbcceb302099a8057", text + "0", String(text.dropLast()) + "g",
            text.replacing("-", with: "+"),
        ] {
            #expect(CommandID(bad) == nil, "\(bad)")
        }
    }

    @Test("Ids of one gateway are unique and in order, even when the clock goes back")
    func commandIDOrder() {
        let issuer = CommandIDIssuer(secret: Data(repeating: 1, count: 16))
        var previous: UInt64 = 0
        for step in 0..<20_000 {
            let time = Timestamp(microseconds: 1_795_519_016_000_000 + Int64(step % 7) * 1_000)
            let id = issuer.next(at: time)
            #expect(id.high > previous && id.high >> 12 & 0xf == 7 && id.low >> 62 == 2)
            #expect(issuer.couldHaveIssued(id))
            previous = id.high
        }
    }

    @Test("A retry with the same Idempotency-Key has the same id, and nothing else has")
    func derivedIDs() throws {
        let issuer = CommandIDIssuer(secret: Data(repeating: 1, count: 16))
        let other = CommandIDIssuer(secret: Data(repeating: 2, count: 16))
        let ids = [("p", "k", "i"), ("pk", "", "i"), ("p", "k", "j"), ("p", "ki", "")].map {
            issuer.derived(principal: $0.0, key: Key(trusted: $0.1), idempotencyKey: $0.2)
        }
        #expect(Set(ids).count == ids.count)
        #expect(ids[0] == issuer.derived(principal: "p", key: try Key("k"), idempotencyKey: "i"))
        #expect(ids.allSatisfy(issuer.couldHaveIssued) && !ids.allSatisfy(other.couldHaveIssued))
        #expect(ids.allSatisfy { $0.high >> 12 & 0xf == 8 })
    }
}
