import Commands
import EventLog

/// What an event means for its key, in a size that is always the same: what memory, or a file, holds of the log.
struct KeyStep: Sendable {
    var key: RowDigest.Short
    var content: RowDigest.Short
    var sequence: UInt64
    /// 0 for none.
    var previous: UInt64
    var appliedAt: Int64
    /// `Int64.max` for never.
    var expiresAt: Int64
    var kind: Kind

    /// As bytes in a file.
    enum Kind: UInt8 {
        case put, deleted, rejected, expired
        /// A put whose value was erased.
        case emptied
        /// `content` is the first and the last version whose values it destroyed.
        case erased
    }

    init(_ row: EventRow, kind: Event.Kind, digest: RowDigest) {
        key = digest.key(row[.key])
        sequence = row.sequence
        previous = row.unsigned(.previousVersion) ?? 0
        appliedAt = row.appliedAt
        expiresAt = row.expiresAt ?? .max
        content = .zero
        switch kind {
        case .put:
            self.kind = row.isNull(.value) && row.isNull(.valueSalt) ? .emptied : .put
            content = digest.content(
                value: row[.value], type: row[.contentType], expiresAt: row.expiresAt, modifiedAt: row.appliedAt,
                deleted: false)
        case .deleted, .expired:
            self.kind = kind == .deleted ? .deleted : .expired
            var type = Content.defaultType
            content = type.withUTF8 {
                digest.content(
                    value: UnsafeRawBufferPointer(start: nil, count: 0), type: UnsafeRawBufferPointer($0),
                    expiresAt: nil, modifiedAt: row.appliedAt, deleted: true)
            }
        // Neither is a version of its key.
        case .rejected: self.kind = .rejected
        case .erased:
            self.kind = .erased
            let erasure = Erasure(record: row.text(.reason) ?? "")
            content = RowDigest.Short(erasure.first, min(erasure.last ?? .max, row.sequence))
        }
    }
}
