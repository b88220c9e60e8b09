package import Commands
import Foundation

extension StoredValue {
    /// What an event makes of its key's row: the projection's definition, for the projector and for whoever replays the log.
    ///
    /// - Parameters:
    ///   - content: of a `put`; `nil` when it was erased.
    ///   - before: the row as the key's earlier events left it.
    /// - Returns: `nil` when the event changes nothing.
    package init?(
        _ kind: Event.Kind, sequence: UInt64, content: Content?, expiresAt: Timestamp?, appliedAt: Timestamp,
        before: KeyState?
    ) {
        switch kind {
        case .rejected, .erased: return nil
        case .put:
            // A value past its expiry ends with an `expired` event before the next one begins.
            let created = before.flatMap { $0.deleted ? nil : $0.createdVersion } ?? sequence
            self.init(
                state: KeyState(
                    version: sequence, createdVersion: created, deleted: false, expiresAt: expiresAt),
                content: content ?? Content(value: .init(), type: Content.defaultType), modifiedAt: appliedAt)
        case .deleted, .expired:
            self.init(
                state: KeyState(
                    version: sequence, createdVersion: before?.createdVersion ?? sequence, deleted: true,
                    expiresAt: nil),
                content: Content(value: .init(), type: Content.defaultType), modifiedAt: appliedAt)
        }
    }

    /// The same for an event as the log holds it.
    package init?(after event: Event, before: KeyState?) {
        self.init(
            event.kind, sequence: event.sequence, content: event.content, expiresAt: event.expiresAt,
            appliedAt: event.appliedAt, before: before)
    }
}
