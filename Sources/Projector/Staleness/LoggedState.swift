package import Cache
package import Commands
import Crypto
package import EventLog
import NIOCore

/// What the log said of a key: what every read of it must show from some time later on, or something newer. Holds a digest
/// in place of the value, so that many cost little.
package struct LoggedState: Sendable {
    package let key: Key
    package let partition: Partition
    package let modifiedAt: Timestamp
    private let version: UInt64
    private let deleted: Bool
    private let expiresAt: Timestamp?
    private let digest: SHA256.Digest

    package init(_ stored: StoredValue, of key: Key, in partition: Partition) {
        self.key = key
        self.partition = partition
        modifiedAt = stored.modifiedAt
        version = stored.state.version
        deleted = stored.state.deleted
        expiresAt = stored.state.expiresAt
        digest = Self.digest(stored.content.type, stored.content.value)
    }

    /// - Parameters:
    ///   - entry: from the cache, asked for when the promised time had passed since the log was.
    ///   - time: about when.
    package func judge(_ entry: CacheEntry, at time: Timestamp) -> CachedRead {
        if entry.state.version > version { return .fresh }
        let absent = deleted || (expiresAt.map { $0 <= time } ?? false)
        // The client sees no version of what is absent.
        if absent && entry.state.deleted { return .fresh }
        if entry.state.version < version { return .stale }
        // It expires about now: one side may have seen it so and the other not.
        if let expiresAt, absent != entry.state.deleted, abs(expiresAt.microseconds - time.microseconds) < 2_000_000 {
            return .fresh
        }
        guard absent == entry.state.deleted else { return .wrong }
        return Self.digest(entry.contentType, entry.value.readableBytesView) == digest ? .fresh : .wrong
    }

    private static func digest(_ type: String, _ value: some Sequence<UInt8>) -> SHA256.Digest {
        var hash = SHA256()
        hash.update(data: Array(type.utf8))
        hash.update(data: [0])
        hash.update(data: Array(value))
        return hash.finalize()
    }
}
