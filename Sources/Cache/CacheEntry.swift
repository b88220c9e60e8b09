package import Commands
package import EventLog
package import NIOCore

/// A key's state as it stands in Redis. Absence has an entry too: `state.deleted`, with the tombstone's version, or
/// version 0 when the key never existed.
package struct CacheEntry: Sendable, Equatable {
    package var state: KeyState
    package var modifiedAt: Timestamp
    package var contentType: String
    package var value: ByteBuffer

    package init(state: KeyState, modifiedAt: Timestamp, contentType: String, value: ByteBuffer) {
        self.state = state
        self.modifiedAt = modifiedAt
        self.contentType = contentType
        self.value = value
    }
}
