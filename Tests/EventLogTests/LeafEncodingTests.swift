import Commands
import EventLog
import Foundation
import Testing

@Suite("A leaf's bytes never change")
struct LeafEncodingTests {
    private static let full = Event(
        partition: Partition(3), sequence: 258, kind: .put, key: Key(trusted: "ké"),
        content: Content(value: Data([1, 2, 3]), type: "a/b"), size: 3, salt: Data(repeating: 7, count: 16),
        commitment: Data(repeating: 0xcc, count: 32), contentType: "a/b", expiresAt: Timestamp(microseconds: -2),
        previousVersion: 257, reason: "r", principal: "me", commandID: CommandID(high: 0x0102_0304_0506_0708, low: 9),
        fingerprint: Fingerprint(bytes: Data(repeating: 0xfe, count: 16)), dot: Dot(origin: Origin(.max), n: 1),
        traceparent: "t", issuedAt: Timestamp(microseconds: 10), appliedAt: Timestamp(microseconds: 11))

    /// Written out by hand from the description in `leafData`.
    private static let fullBytes = [
        "01",  // format
        "0000000000000003", "0000000000000102",  // partition, sequence
        "0000000000000003" + "707574",  // put
        "0000000000000003" + "6bc3a9",  // ké
        "0000000000000020" + String(repeating: "cc", count: 32),  // commitment
        "01" + "0000000000000003",  // size
        "0000000000000003" + "612f62",  // a/b
        "01" + "fffffffffffffffe",  // expires at
        "01" + "0000000000000101",  // previous version
        "0000000000000001" + "72",  // reason
        "0000000000000002" + "6d65",  // principal
        "0102030405060708", "0000000000000009",  // command id
        "0000000000000010" + String(repeating: "fe", count: 16),  // fingerprint
        "01" + "ffffffffffffffff", "01" + "0000000000000001",  // dot
        "0000000000000001" + "74",  // traceparent
        "000000000000000a", "000000000000000b",  // issued, applied
    ].joined()

    private static let bareBytes = [
        "01", "0000000000000000", "0000000000000001",
        "0000000000000007" + "65787069726564",  // expired
        "0000000000000001" + "6b",
        "ffffffffffffffff",  // no commitment
        "00" + "0000000000000000",  // no size
        "ffffffffffffffff",  // no type
        "00" + "0000000000000000", "00" + "0000000000000000",  // no expiry, no previous version
        "ffffffffffffffff",  // no reason
        "0000000000000000",  // an empty principal
        "0000000000000000", "0000000000000000",
        "ffffffffffffffff",  // no fingerprint
        "00" + "0000000000000000", "00" + "0000000000000000",  // no dot
        "ffffffffffffffff",  // no traceparent
        "0000000000000000", "0000000000000000",
    ].joined()

    private static let bare = Event(
        partition: Partition(0), sequence: 1, kind: .expired, key: Key(trusted: "k"), principal: "",
        commandID: CommandID(high: 0, low: 0), issuedAt: Timestamp(microseconds: 0),
        appliedAt: Timestamp(microseconds: 0))

    @Test("Every field, and none of them")
    func golden() {
        #expect(Self.full.leafData.hex == Self.fullBytes)
        #expect(Self.bare.leafData.hex == Self.bareBytes)
        #expect(Self.full.computedLeafHash == MerkleTree.root([Data(hex: Self.fullBytes)][...]))
    }

    @Test("Erasing value and salt leaves the leaf as it was")
    func erasure() {
        var erased = Self.full
        erased.content = nil
        erased.salt = nil
        #expect(erased.leafData == Self.full.leafData)
    }
}
