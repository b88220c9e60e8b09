import Commands
import Foundation

/// What of an event the projection is made from.
struct ReplayedEvent: Sendable {
    var sequence: UInt64
    var kind: Event.Kind
    var key: Key
    /// For `put`; `nil` when it was erased.
    var content: Content?
    var expiresAt: Timestamp?
    var appliedAt: Timestamp

    /// The SELECT list that `init` reads.
    static let columns = "seq, kind, key, value, content_type, expires_at, applied_at"

    private static let defaultType = Array(Content.defaultType.utf8)

    init(_ row: consuming CopiedRow) {
        sequence = UInt64(row.int8()!)
        kind = Event.Kind(row.bytes()!)
        key = Key(trusted: String(decoding: row.bytes()!, as: UTF8.self))
        let value = row.bytes()
        let type = row.bytes()
        content = value.map { value in
            // Mostly the same one.
            let isDefault = type?.elementsEqual(Self.defaultType) ?? true
            return Content(
                value: Data(value), type: isDefault ? Content.defaultType : String(decoding: type!, as: UTF8.self))
        }
        expiresAt = row.int8().map { Timestamp(sinceMillennium: $0) }
        appliedAt = Timestamp(sinceMillennium: row.int8()!)
    }

    init(
        sequence: UInt64, kind: Event.Kind, key: Key, content: Content?, expiresAt: Timestamp?, appliedAt: Timestamp
    ) {
        self.sequence = sequence
        self.kind = kind
        self.key = key
        self.content = content
        self.expiresAt = expiresAt
        self.appliedAt = appliedAt
    }
}

extension Event.Kind {
    /// As the log keeps it.
    fileprivate init(_ bytes: UnsafeRawBufferPointer) {
        let text = String(decoding: bytes, as: UTF8.self)
        guard let kind = Event.Kind(rawValue: text) else {
            preconditionFailure("the log holds a kind of event that this version doesn't know: \(text)")
        }
        self = kind
    }
}
