import Commands
import Foundation

/// An event as the log keeps it, good only while it is lent.
package struct EventRow {
    package enum Column: Int, CaseIterable, Sendable {
        case partition, sequence, kind, key, value, valueSalt, valueCommitment, valueSize, contentType, expiresAt
        case previousVersion, reason, principal, commandID, fingerprint, origin, originSequence, traceparent, issuedAt
        case appliedAt, leafHash

        /// In the table.
        package var name: String {
            switch self {
            case .partition: "partition"
            case .sequence: "seq"
            case .kind: "kind"
            case .key: "key"
            case .value: "value"
            case .valueSalt: "value_salt"
            case .valueCommitment: "value_commitment"
            case .valueSize: "value_size"
            case .contentType: "content_type"
            case .expiresAt: "expires_at"
            case .previousVersion: "previous_version"
            case .reason: "reason"
            case .principal: "principal"
            case .commandID: "command_id"
            case .fingerprint: "fingerprint"
            case .origin: "origin"
            case .originSequence: "origin_seq"
            case .traceparent: "traceparent"
            case .issuedAt: "issued_at"
            case .appliedAt: "applied_at"
            case .leafHash: "leaf_hash"
            }
        }
    }

    private static let columnCount = 21

    package let row: CopyRow

    package init(_ row: CopyRow) {
        precondition(row.fields.count == Self.columnCount, "an event has \(Self.columnCount) columns")
        self.row = row
    }

    package subscript(column: Column) -> UnsafeRawBufferPointer { row.fields[column.rawValue] }
    package func isNull(_ column: Column) -> Bool { row.isNull(column.rawValue) }
    package func int8(_ column: Column) -> Int64? { row.int8(column.rawValue) }
    package func unsigned(_ column: Column) -> UInt64? { int8(column).map { UInt64(bitPattern: $0) } }
    package func text(_ column: Column) -> String? { row.text(column.rawValue) }

    package var sequence: UInt64 { unsigned(.sequence) ?? 0 }
    /// `nil` when this version doesn't know it.
    package var kind: Event.Kind? {
        switch self[.kind].count {
        case 3: self[.kind].elementsEqual("put".utf8) ? .put : nil
        case 6, 7: Event.Kind(rawValue: text(.kind) ?? "")
        case 8: self[.kind].elementsEqual("rejected".utf8) ? .rejected : nil
        default: nil
        }
    }
    package var appliedAt: Int64 { row.timestamp(Column.appliedAt.rawValue) ?? 0 }
    package var issuedAt: Int64 { row.timestamp(Column.issuedAt.rawValue) ?? 0 }
    /// Microseconds since 1970.
    package var expiresAt: Int64? { row.timestamp(Column.expiresAt.rawValue) }

    /// A copy that lasts; `nil` when it is none that this version knows.
    package var event: Event? {
        guard let kind, let key = text(.key),
            let id = row.data(Column.commandID.rawValue).flatMap(CommandID.init(bytes:))
        else { return nil }
        func data(_ column: Column) -> Data? { row.data(column.rawValue) }
        let contentType = text(.contentType)
        return Event(
            partition: Partition(Int(int8(.partition) ?? 0)), sequence: sequence, kind: kind, key: Key(trusted: key),
            content: data(.value).map { Content(value: $0, type: contentType ?? Content.defaultType) },
            size: int8(.valueSize).map { Int($0) }, salt: data(.valueSalt), commitment: data(.valueCommitment),
            contentType: contentType, expiresAt: expiresAt.map { Timestamp(microseconds: $0) },
            previousVersion: unsigned(.previousVersion), reason: text(.reason), principal: text(.principal) ?? "",
            commandID: id, fingerprint: data(.fingerprint).flatMap { Fingerprint(bytes: $0) },
            dot: int8(.origin).map { Dot(origin: Origin(bitPattern: $0), n: unsigned(.originSequence) ?? 0) },
            traceparent: text(.traceparent), issuedAt: Timestamp(microseconds: issuedAt),
            appliedAt: Timestamp(microseconds: appliedAt), leafHash: data(.leafHash) ?? Data())
    }
}
