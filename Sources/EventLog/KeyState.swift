package import Commands

/// What the fold needs to know of a key: its row in the projection without the value.
package struct KeyState: Sendable, Equatable {
    /// The sequence of the last event that changed the key.
    package var version: UInt64
    /// The version at which the present value's life began.
    package var createdVersion: UInt64
    package var deleted: Bool
    package var expiresAt: Timestamp?

    package init(version: UInt64, createdVersion: UInt64, deleted: Bool, expiresAt: Timestamp?) {
        self.version = version
        self.createdVersion = createdVersion
        self.deleted = deleted
        self.expiresAt = expiresAt
    }

    package func isLive(at time: Timestamp) -> Bool { !deleted && (expiresAt.map { time < $0 } ?? true) }

    /// Past its expiry, and no `expired` event written yet.
    package func awaitsExpiry(at time: Timestamp) -> Bool { !deleted && !isLive(at: time) }
}

/// A key's row in the projection.
package struct StoredValue: Sendable, Equatable {
    package var state: KeyState
    /// Empty when deleted.
    package var content: Content
    package var modifiedAt: Timestamp

    package init(state: KeyState, content: Content, modifiedAt: Timestamp) {
        self.state = state
        self.content = content
        self.modifiedAt = modifiedAt
    }
}
