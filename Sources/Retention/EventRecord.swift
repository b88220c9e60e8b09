package import Commands
package import EventLog
package import Foundation

/// An event as a line of JSON: everything that its leaf is made of, the value and the salt.
package struct EventRecord: Codable, Sendable {
    /// Where the file as a whole doesn't say it.
    package var partition: Int?
    package var seq: UInt64
    package var kind: String
    package var key: String
    package var value: Data?
    package var salt: Data?
    package var commitment: Data?
    package var size: Int?
    package var contentType: String?
    /// Times are microseconds since 1970.
    package var expiresAt: Int64?
    package var previousVersion: UInt64?
    package var reason: String?
    package var principal: String
    package var command: String
    package var fingerprint: Data?
    /// Sixteen hexadecimal digits: JSON's numbers would lose some.
    package var origin: String?
    package var originSeq: UInt64?
    package var traceparent: String?
    package var issuedAt: Int64
    package var appliedAt: Int64
    package var leaf: Data

    private enum CodingKeys: String, CodingKey {
        case partition, seq, kind, key, value, salt, commitment, size, reason, principal, command, fingerprint, origin
        case traceparent, leaf
        case contentType = "content_type"
        case expiresAt = "expires_at"
        case previousVersion = "previous_version"
        case originSeq = "origin_seq"
        case issuedAt = "issued_at"
        case appliedAt = "applied_at"
    }

    package init(_ event: Event, namesPartition: Bool = false) {
        partition = namesPartition ? event.partition.number : nil
        seq = event.sequence
        kind = event.kind.rawValue
        key = event.key.text
        value = event.content?.value
        salt = event.salt
        commitment = event.commitment
        size = event.size
        contentType = event.contentType
        expiresAt = event.expiresAt?.microseconds
        previousVersion = event.previousVersion
        reason = event.reason
        principal = event.principal
        command = event.commandID.description
        fingerprint = event.fingerprint?.bytes
        origin = event.dot?.origin.description
        originSeq = event.dot?.n
        traceparent = event.traceparent
        issuedAt = event.issuedAt.microseconds
        appliedAt = event.appliedAt.microseconds
        leaf = event.leafHash
    }

    /// - Throws: `RetentionError` when a field is not what it should be.
    package func event(in partition: Partition) throws -> Event {
        func fail(_ field: String) -> RetentionError {
            RetentionError("Partition \(partition), event \(seq): the field \(field) can't be read.")
        }
        guard let kind = Event.Kind(rawValue: kind) else { throw fail("kind") }
        guard let id = CommandID(command) else { throw fail("command") }
        guard let key = try? Key(key) else { throw fail("key") }
        var dot: Dot?
        if let origin {
            guard let number = UInt64(origin, radix: 16), let originSeq else { throw fail("origin") }
            dot = Dot(origin: Origin(number), n: originSeq)
        }
        return Event(
            partition: partition, sequence: seq, kind: kind, key: key,
            content: value.map { Content(value: $0, type: contentType ?? Content.defaultType) }, size: size,
            salt: salt, commitment: commitment, contentType: contentType,
            expiresAt: expiresAt.map { Timestamp(microseconds: $0) }, previousVersion: previousVersion,
            reason: reason, principal: principal, commandID: id,
            fingerprint: fingerprint.flatMap { Fingerprint(bytes: $0) }, dot: dot, traceparent: traceparent,
            issuedAt: Timestamp(microseconds: issuedAt), appliedAt: Timestamp(microseconds: appliedAt),
            leafHash: leaf)
    }
}

extension Event {
    /// What is wrong with an event by itself: its leaf, and its value where there is one.
    ///
    /// - Throws: `RetentionError` that names position and field.
    package func checkIntegrity() throws {
        func fail(_ what: String) -> RetentionError {
            RetentionError("Partition \(partition), event \(sequence): \(what). Run `tidemark audit verify`.")
        }
        guard computedLeafHash == leafHash else { throw fail("the leaf hash is not that of the row") }
        guard let content else { return }
        guard let salt, Event.commitment(salt: salt, value: content.value) == commitment else {
            throw fail("the value does not match its commitment")
        }
    }
}
