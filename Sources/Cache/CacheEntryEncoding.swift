import Commands
import EventLog
import NIOCore

/// What a slot in Redis may hold.
enum SlotContent: Equatable {
    case entry(CacheEntry)
    /// Somebody's right to fill it.
    case lease
    /// Nothing that this version of the program wrote.
    case undecodable
}

/// The bytes of an entry and of a lease, told apart by the first one.
///
/// An entry, integers in big-endian order: format (1 byte), flags (1), version (8), created version (8), modified at (8,
/// microseconds), expires at (8, only with its flag), length of content type (2) and the type (neither with the default type's flag),
/// length of value (4), value. A lease is `L` and its token.
enum CacheEntryEncoding {
    private static let format: UInt8 = 1
    private static let lease = UInt8(ascii: "L")

    private struct Flags: OptionSet {
        let rawValue: UInt8
        static let deleted = Flags(rawValue: 1)
        static let expires = Flags(rawValue: 2)
        /// The content type is `Content.defaultType` and left out.
        static let defaultType = Flags(rawValue: 4)
        static let known: Flags = [.deleted, .expires, .defaultType]
    }

    /// The bytes besides content type and value, at most.
    static let overhead = 1 + 1 + 8 + 8 + 8 + 8 + 2 + 4

    /// - Returns: `nil` when the content type or the value is too long for its length's field.
    static func encode(_ entry: CacheEntry) -> [UInt8]? {
        guard let typeLength = UInt16(exactly: entry.contentType.utf8.count),
            let valueLength = UInt32(exactly: entry.value.readableBytes)
        else { return nil }
        var flags: Flags = []
        if entry.state.deleted { flags.insert(.deleted) }
        if entry.state.expiresAt != nil { flags.insert(.expires) }
        if entry.contentType == Content.defaultType { flags.insert(.defaultType) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(overhead + entry.contentType.utf8.count + entry.value.readableBytes)
        func append(_ integer: some FixedWidthInteger) {
            withUnsafeBytes(of: integer.bigEndian) { bytes.append(contentsOf: $0) }
        }
        append(format)
        append(flags.rawValue)
        append(entry.state.version)
        append(entry.state.createdVersion)
        append(entry.modifiedAt.microseconds)
        if let expiresAt = entry.state.expiresAt { append(expiresAt.microseconds) }
        if !flags.contains(.defaultType) {
            append(typeLength)
            bytes.append(contentsOf: entry.contentType.utf8)
        }
        append(valueLength)
        entry.value.withUnsafeReadableBytes { bytes.append(contentsOf: $0) }
        return bytes
    }

    static func encodeLease(token: String) -> [UInt8] { [lease] + token.utf8 }

    static func decode(_ bytes: ByteBuffer) -> SlotContent {
        var bytes = bytes
        switch bytes.readInteger(as: UInt8.self) {
        case lease: return .lease
        case format: return decodeEntry(&bytes).map(SlotContent.entry) ?? .undecodable
        default: return .undecodable
        }
    }

    /// - Returns: `nil` unless the bytes are exactly what `encode` makes of an entry.
    private static func decodeEntry(_ bytes: inout ByteBuffer) -> CacheEntry? {
        guard let flags = bytes.readInteger(as: UInt8.self).map(Flags.init), flags.isSubset(of: .known),
            let (version, createdVersion, modifiedAt) = bytes.readMultipleIntegers(as: (UInt64, UInt64, Int64).self)
        else { return nil }
        var expiresAt: Timestamp?
        if flags.contains(.expires) {
            guard let microseconds = bytes.readInteger(as: Int64.self) else { return nil }
            expiresAt = Timestamp(microseconds: microseconds)
        }
        var contentType = Content.defaultType
        if !flags.contains(.defaultType) {
            guard let length = bytes.readInteger(as: UInt16.self), let slice = bytes.readSlice(length: Int(length)),
                let text = String(validating: slice.readableBytesView, as: UTF8.self), text != Content.defaultType
            else { return nil }
            contentType = text
        }
        guard let length = bytes.readInteger(as: UInt32.self), Int(length) == bytes.readableBytes,
            !flags.contains(.deleted) || length == 0
        else { return nil }
        let state = KeyState(
            version: version, createdVersion: createdVersion, deleted: flags.contains(.deleted), expiresAt: expiresAt)
        return CacheEntry(
            state: state, modifiedAt: Timestamp(microseconds: modifiedAt), contentType: contentType,
            value: bytes.slice())
    }
}

extension CacheEntry {
    /// What a reader may see at `time`: a value past its expiry is absent, at the same version.
    func seen(at time: @autoclosure () -> Timestamp) -> CacheEntry {
        guard let expiresAt = state.expiresAt, !state.deleted, time() >= expiresAt else { return self }
        var entry = self
        entry.state.deleted = true
        entry.value = ByteBuffer()
        return entry
    }
}
