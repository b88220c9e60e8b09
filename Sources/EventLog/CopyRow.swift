import Commands
package import Foundation

/// A row in PostgreSQL's binary COPY format, without a copy of its bytes: good only while it is lent.
package struct CopyRow {
    /// A field without a base address is NULL.
    package let fields: UnsafeBufferPointer<UnsafeRawBufferPointer>

    package init(fields: UnsafeBufferPointer<UnsafeRawBufferPointer>) { self.fields = fields }

    package func isNull(_ column: Int) -> Bool { fields[column].baseAddress == nil }

    /// `nil` for NULL.
    package func int8(_ column: Int) -> Int64? {
        let field = fields[column]
        return field.count == 8 ? Int64(bigEndian: field.loadUnaligned(as: Int64.self)) : nil
    }

    package func bool(_ column: Int) -> Bool { fields[column].first == 1 }

    package func text(_ column: Int) -> String? {
        isNull(column) ? nil : String(decoding: fields[column], as: UTF8.self)
    }

    package func data(_ column: Int) -> Data? { isNull(column) ? nil : Data(fields[column]) }

    /// Microseconds since 1970.
    package func timestamp(_ column: Int) -> Int64? {
        int8(column).map { Timestamp(sinceMillennium: $0).microseconds }
    }
}
