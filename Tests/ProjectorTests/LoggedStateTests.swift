import Cache
import Commands
import EventLog
import Foundation
import NIOCore
import Projector
import Testing

@Suite("What a cached read is worth") struct LoggedStateTests {
    private let key = Key(trusted: "k")

    private func logged(_ version: UInt64, _ value: String?, expires: Int64? = nil) -> LoggedState {
        LoggedState(
            StoredValue(
                state: state(version, deleted: value == nil, expires: expires),
                content: Content(value: Data((value ?? "").utf8), type: "text/plain"),
                modifiedAt: Timestamp(microseconds: 0)),
            of: key, in: Partition(0))
    }

    private func cached(_ version: UInt64, _ value: String?, type: String = "text/plain") -> CacheEntry {
        CacheEntry(
            state: state(version, deleted: value == nil), modifiedAt: Timestamp(microseconds: 0), contentType: type,
            value: ByteBuffer(string: value ?? ""))
    }

    private func state(_ version: UInt64, deleted: Bool, expires: Int64? = nil) -> KeyState {
        KeyState(
            version: version, createdVersion: 1, deleted: deleted, expiresAt: expires.map(Timestamp.init(microseconds:))
        )
    }

    private let now = Timestamp(microseconds: 100_000_000)

    @Test("The same version with the same value, or a newer one, is fresh")
    func fresh() {
        #expect(logged(5, "a").judge(cached(5, "a"), at: now) == .fresh)
        #expect(logged(5, "a").judge(cached(6, "b"), at: now) == .fresh)
        #expect(logged(5, "a").judge(cached(6, nil), at: now) == .fresh)
    }

    @Test("An older version is stale, a value as well as an absence")
    func stale() {
        #expect(logged(5, "a").judge(cached(4, "a"), at: now) == .stale)
        #expect(logged(5, "a").judge(cached(0, nil), at: now) == .stale)
        #expect(logged(5, nil).judge(cached(4, "a"), at: now) == .stale)
    }

    @Test("Another value, type or absence at the same version is wrong")
    func wrong() {
        #expect(logged(5, "a").judge(cached(5, "b"), at: now) == .wrong)
        #expect(logged(5, "a").judge(cached(5, "a", type: "text/html"), at: now) == .wrong)
        #expect(logged(5, "a").judge(cached(5, nil), at: now) == .wrong)
        #expect(logged(5, nil).judge(cached(5, "a"), at: now) == .wrong)
    }

    @Test("Absent is absent, whatever the version and whether or not the expiry is written")
    func absent() {
        #expect(logged(5, nil).judge(cached(3, nil), at: now) == .fresh)
        #expect(logged(5, "a", expires: 50_000_000).judge(cached(5, nil), at: now) == .fresh)
    }

    @Test("A value that should have expired long ago is wrong; about its time it may be seen either way")
    func expiring() {
        #expect(logged(5, "a", expires: 50_000_000).judge(cached(5, "a"), at: now) == .wrong)
        #expect(logged(5, "a", expires: 99_000_000).judge(cached(5, "a"), at: now) == .fresh)
        #expect(logged(5, "a", expires: 101_000_000).judge(cached(5, nil), at: now) == .fresh)
    }
}
