/// Finds rows in messages of a binary COPY (PostgreSQL's documentation, COPY, "Binary Format").
struct CopyDecoder {
    struct Malformed: Error {}

    private static let signature: [UInt8] = Array("PGCOPY\n".utf8) + [0xff, 0x0d, 0x0a, 0x00]
    private var begun = false
    private var fields: [UnsafeRawBufferPointer] = []

    /// Lends the rows of a message: whole rows, as PostgreSQL and CockroachDB send them.
    mutating func decode(_ message: UnsafeRawBufferPointer, _ body: (CopyRow) throws -> Void) throws {
        var position = 0
        if !begun {
            begun = true
            // The signature, flags, and the length of an extension, which is none.
            let header = Self.signature.count + 8
            guard message.count >= header, message.prefix(Self.signature.count).elementsEqual(Self.signature) else {
                throw Malformed()
            }
            position = header
        }
        while position < message.count {
            guard position + 2 <= message.count else { throw Malformed() }
            let count = Int16(bigEndian: message.loadUnaligned(fromByteOffset: position, as: Int16.self))
            position += 2
            if count < 0 { return }
            try withFields(message, at: &position, count: Int(count), body)
        }
    }

    mutating func withFields<R>(
        _ bytes: UnsafeRawBufferPointer, at position: inout Int, count: Int, _ body: (CopyRow) throws -> R
    ) throws -> R {
        fields.removeAll(keepingCapacity: true)
        for _ in 0..<count {
            guard position + 4 <= bytes.count else { throw Malformed() }
            let length = Int(Int32(bigEndian: bytes.loadUnaligned(fromByteOffset: position, as: Int32.self)))
            position += 4
            if length < 0 {
                fields.append(UnsafeRawBufferPointer(start: nil, count: 0))
                continue
            }
            guard position + length <= bytes.count else { throw Malformed() }
            fields.append(UnsafeRawBufferPointer(start: bytes.baseAddress! + position, count: length))
            position += length
        }
        return try fields.withUnsafeBufferPointer { try body(CopyRow(fields: $0)) }
    }
}
