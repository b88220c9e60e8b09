/// PostgreSQL's binary formats: rows for COPY, and arrays as parameters.
struct BinaryRows {
    private(set) var bytes: [UInt8] = []

    /// The start of a COPY.
    static var copy: BinaryRows {
        var rows = BinaryRows()
        rows.bytes = Array("PGCOPY\n".utf8) + [0xff, 0x0d, 0x0a, 0x00] + [UInt8](repeating: 0, count: 8)
        return rows
    }

    /// A one-dimensional array whose elements, as many as `count`, are put next.
    static func array(of type: UInt32, count: Int) -> BinaryRows {
        var rows = BinaryRows()
        for word in [1, 1, type, UInt32(count), 1] { rows.put(word) }
        return rows
    }

    mutating func beginRow(columns: Int) { put(Int16(columns)) }
    mutating func endCopy() { put(Int16(-1)) }

    mutating func null() { put(Int32(-1)) }

    mutating func field(_ value: Int64) {
        put(Int32(8))
        put(value)
    }

    mutating func field(_ value: Bool) {
        put(Int32(1))
        bytes.append(value ? 1 : 0)
    }

    mutating func field(_ value: some Collection<UInt8>) {
        put(Int32(value.count))
        bytes.append(contentsOf: value)
    }

    private mutating func put(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }
}
