import CLibPQ
import Foundation

/// The rows of a binary `COPY … TO STDOUT`, message by message. Only the lane that owns the connection touches it.
struct CopiedRows: ~Copyable {
    /// What a binary COPY begins with: signature, flags, and the length of an extension that there never was.
    static let header = Data("PGCOPY\n".utf8) + Data([0xff, 0x0d, 0x0a, 0x00]) + Data(count: 8)

    private var message: UnsafeMutablePointer<CChar>?
    private var count = 0
    private var position = 0
    private var headerSeen = false

    deinit { PQfreemem(message) }

    /// Takes a message over from libpq.
    mutating func take(_ message: UnsafeMutablePointer<CChar>, count: Int) {
        PQfreemem(self.message)
        self.message = message
        self.count = count
        position = 0
        if !headerSeen {
            precondition(count >= Self.header.count, "a COPY begins with its header")
            position = Self.header.count
            headerSeen = true
        }
    }

    /// - Returns: `nil` when the message has no more.
    mutating func next() -> CopiedRow? {
        guard let message, position + 2 <= count else { return nil }
        let rest = UnsafeRawBufferPointer(start: message + position, count: count - position)
        let columns = Int16(bigEndian: rest.loadUnaligned(as: Int16.self))
        // The trailer.
        guard columns >= 0 else {
            position = count
            return nil
        }
        var row = CopiedRow(rest)
        for _ in 0..<columns { _ = row.bytes() }
        position += row.position
        return CopiedRow(UnsafeRawBufferPointer(rebasing: rest[..<row.position]))
    }
}

/// One row, read field by field in the order of its columns. It points into libpq's memory and is good until the next row is asked
/// for.
struct CopiedRow {
    /// All of it: the number of columns, and each with its length.
    let encoded: UnsafeRawBufferPointer
    fileprivate var position = 2

    init(_ encoded: UnsafeRawBufferPointer) { self.encoded = encoded }

    /// - Returns: `nil` for NULL.
    mutating func bytes() -> UnsafeRawBufferPointer? {
        let length = Int(Int32(bigEndian: encoded.loadUnaligned(fromByteOffset: position, as: Int32.self)))
        position += 4
        guard length >= 0 else { return nil }
        defer { position += length }
        return UnsafeRawBufferPointer(rebasing: encoded[position..<position + length])
    }

    /// - Returns: `nil` for NULL.
    mutating func int8() -> Int64? {
        guard let bytes = bytes() else { return nil }
        precondition(bytes.count == 8, "a column that is not INT8")
        return Int64(bigEndian: bytes.loadUnaligned(as: Int64.self))
    }
}
