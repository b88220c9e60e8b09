import Commands
import Foundation

/// One array parameter from one field of many rows: what `unnest` turns back into a column.
extension ParameterBuffer {
    @inline(__always)
    mutating func int8s<Row>(_ rows: UnsafeBufferPointer<Row>, _ field: (borrowing Row) -> Int64) {
        array(of: .int8, count: rows.count) { buffer, index in
            buffer.put(field(rows[index]))
            return true
        }
    }

    @inline(__always)
    mutating func optionalInt8s<Row>(_ rows: UnsafeBufferPointer<Row>, _ field: (borrowing Row) -> Int64?) {
        array(of: .int8, count: rows.count) { buffer, index in
            guard let value = field(rows[index]) else { return false }
            buffer.put(value)
            return true
        }
    }

    @inline(__always)
    mutating func bools<Row>(_ rows: UnsafeBufferPointer<Row>, _ field: (borrowing Row) -> Bool) {
        array(of: .bool, count: rows.count) { buffer, index in
            buffer.put(UInt8(field(rows[index]) ? 1 : 0))
            return true
        }
    }

    @inline(__always)
    mutating func texts<Row>(_ rows: UnsafeBufferPointer<Row>, _ field: (borrowing Row) -> String?) {
        array(of: .text, count: rows.count) { buffer, index in
            guard let value = field(rows[index]) else { return false }
            buffer.put(value)
            return true
        }
    }

    @inline(__always)
    mutating func bytesArray<Row>(_ rows: UnsafeBufferPointer<Row>, _ field: (borrowing Row) -> Data?) {
        array(of: .bytes, count: rows.count) { buffer, index in
            guard let value = field(rows[index]) else { return false }
            buffer.put(value)
            return true
        }
    }

    @inline(__always)
    mutating func uuids<Row>(_ rows: UnsafeBufferPointer<Row>, _ field: (borrowing Row) -> CommandID) {
        array(of: .uuid, count: rows.count) { buffer, index in
            let value = field(rows[index])
            buffer.put(value.high)
            buffer.put(value.low)
            return true
        }
    }

    @inline(__always)
    mutating func timestamps<Row>(_ rows: UnsafeBufferPointer<Row>, _ field: (borrowing Row) -> Timestamp?) {
        array(of: .timestamp, count: rows.count) { buffer, index in
            guard let value = field(rows[index]) else { return false }
            buffer.put(value.sinceMillennium)
            return true
        }
    }

    mutating func int8s(_ values: [Int64]) { values.withUnsafeBufferPointer { int8s($0) { $0 } } }
    mutating func uuids(_ values: [CommandID]) { values.withUnsafeBufferPointer { uuids($0) { $0 } } }
    mutating func texts(_ values: [String]) { values.withUnsafeBufferPointer { texts($0) { $0 } } }
    mutating func keys(_ values: [Key]) { values.withUnsafeBufferPointer { texts($0) { $0.text } } }
}
