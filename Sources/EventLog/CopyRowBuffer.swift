package import Commands
import Foundation

/// Rows in PostgreSQL's binary COPY format, made here: for tests, and for sources that are no database.
package struct CopyRowBuffer {
    /// The row's fields, each behind its length; -1 is NULL.
    package private(set) var bytes: [UInt8] = []
    private var fields = 0

    package init() {}

    package init(_ event: Event) {
        int8(Int64(event.partition.number))
        int8(Int64(event.sequence))
        text(event.kind.rawValue)
        text(event.key.text)
        field(event.content?.value)
        field(event.salt)
        field(event.commitment)
        int8(event.size.map { Int64($0) })
        text(event.contentType)
        int8(event.expiresAt?.sinceMillennium)
        int8(event.previousVersion.map { Int64(bitPattern: $0) })
        text(event.reason)
        text(event.principal)
        field(event.commandID.bytes)
        field(event.fingerprint?.bytes)
        int8(event.dot?.origin.bitPattern)
        int8(event.dot.map { Int64(bitPattern: $0.n) })
        text(event.traceparent)
        int8(event.issuedAt.sinceMillennium)
        int8(event.appliedAt.sinceMillennium)
        field(event.leafHash)
    }

    package init(_ key: Key, _ value: StoredValue, partition: Partition) {
        text(key.text)
        int8(Int64(partition.number))
        int8(Int64(value.state.version))
        int8(Int64(value.state.createdVersion))
        field(value.content.value)
        text(value.content.type)
        int8(value.state.expiresAt?.sinceMillennium)
        field(Data([value.state.deleted ? 1 : 0]))
        int8(value.modifiedAt.sinceMillennium)
    }

    private mutating func length(_ count: Int) {
        fields += 1
        withUnsafeBytes(of: Int32(count).bigEndian) { bytes.append(contentsOf: $0) }
    }

    private mutating func int8(_ value: Int64?) {
        guard let value else { return length(-1) }
        length(8)
        withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }

    private mutating func text(_ value: String?) { field(value.map { Data($0.utf8) }) }

    private mutating func field(_ value: Data?) {
        guard let value else { return length(-1) }
        length(value.count)
        bytes.append(contentsOf: value)
    }

    package func withRow<R>(_ body: (CopyRow) throws -> R) throws -> R {
        var decoder = CopyDecoder()
        return try bytes.withUnsafeBytes { bytes in
            var position = 0
            return try decoder.withFields(bytes, at: &position, count: fields, body)
        }
    }
}
