/// Takes a token's parts from the front; `nil` when they are not there or not as short as they can be.
struct ByteReader {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { position == bytes.count }

    mutating func byte() -> UInt8? {
        guard position < bytes.count else { return nil }
        position += 1
        return bytes[position - 1]
    }

    mutating func word() -> UInt64? {
        guard bytes.count - position >= 8 else { return nil }
        position += 8
        return bytes[position - 8..<position].reduce(0) { $0 << 8 | UInt64($1) }
    }

    mutating func varint() -> UInt64? {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), through: 63, by: 7) {
            guard let next = byte() else { return nil }
            if shift == 63, next > 1 { return nil }
            value |= UInt64(next & 0x7f) << shift
            if next < 0x80 { return next == 0 && shift > 0 ? nil : value }
        }
        return nil
    }
}

extension [UInt8] {
    /// Big-endian, eight bytes.
    mutating func appendWord(_ word: UInt64) {
        for shift in stride(from: UInt64(56), through: 0, by: -8) { append(UInt8(truncatingIfNeeded: word >> shift)) }
    }

    /// LEB128, as protobuf has it.
    mutating func appendVarint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(rest))
    }
}
