/// A key's row in the projection, good only while it is lent.
package struct ProjectionRow {
    package enum Column: Int, CaseIterable, Sendable {
        case key, partition, version, createdVersion, value, contentType, expiresAt, deleted, modifiedAt
    }

    package let row: CopyRow

    package init(_ row: CopyRow) { self.row = row }

    package subscript(column: Column) -> UnsafeRawBufferPointer { row.fields[column.rawValue] }
    package var key: UnsafeRawBufferPointer { self[.key] }
    package var keyText: String { row.text(Column.key.rawValue) ?? "" }
    package var partition: Int { Int(row.int8(Column.partition.rawValue) ?? -1) }
    package var version: UInt64 { UInt64(bitPattern: row.int8(Column.version.rawValue) ?? 0) }
    package var createdVersion: UInt64 { UInt64(bitPattern: row.int8(Column.createdVersion.rawValue) ?? 0) }
    package var deleted: Bool { row.bool(Column.deleted.rawValue) }
    /// Microseconds since 1970.
    package var expiresAt: Int64? { row.timestamp(Column.expiresAt.rawValue) }
    package var modifiedAt: Int64 { row.timestamp(Column.modifiedAt.rawValue) ?? 0 }
}
