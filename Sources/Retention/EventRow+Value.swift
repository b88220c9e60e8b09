import EventLog
import Foundation

extension EventRow {
    /// The row with this value in place of its own.
    func withValue(_ value: Data?, _ body: (EventRow) throws -> Void) throws {
        guard let value else { return try body(self) }
        try value.withUnsafeBytes { bytes in
            var fields = Array(row.fields)
            // An empty value has an address, too: without one it would be NULL.
            fields[Column.value.rawValue] =
                bytes.isEmpty ? UnsafeRawBufferPointer(rebasing: self[.key].prefix(0)) : bytes
            try fields.withUnsafeBufferPointer { try body(EventRow(CopyRow(fields: $0))) }
        }
    }
}
