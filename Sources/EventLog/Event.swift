package import Commands
package import Foundation

/// What became of a command: one row of the log, one leaf of the partition's tree.
package struct Event: Sendable, Equatable {
    /// The raw values are what the log keeps.
    package enum Kind: String, Sendable, CaseIterable {
        case put, deleted, rejected, expired
        /// The record that values of the key were destroyed, with who and why. Like `rejected` it changes no key's state: a
        /// current value goes by a `deleted` event before it.
        case erased

        /// Whether an event of this kind is a version of its key.
        package var changesState: Bool { self != .rejected && self != .erased }
    }

    package var partition: Partition
    /// The gapless position in the partition, from 1.
    package var sequence: UInt64
    package var kind: Kind
    package var key: Key
    /// For `put`. `nil` as well when the value was erased or archived; the commitment then still stands.
    package var content: Content?
    /// Bytes in the value, for `put`.
    package var size: Int?
    /// 16 random bytes that keep a short value from being guessed from its commitment; goes when the value is erased.
    package var salt: Data?
    /// SHA-256 of salt and value, for `put`.
    package var commitment: Data?
    package var contentType: String?
    package var expiresAt: Timestamp?
    /// The version of the value before, `nil` when the key had none.
    package var previousVersion: UInt64?
    /// Why it was rejected; why, and which versions, of an erasure.
    package var reason: String?
    package var principal: String
    package var commandID: CommandID
    package var fingerprint: Fingerprint?
    /// `nil` for events that the partition's owner made itself (`expired`).
    package var dot: Dot?
    package var traceparent: String?
    package var issuedAt: Timestamp
    package var appliedAt: Timestamp
    package var leafHash: Data

    package init(
        partition: Partition, sequence: UInt64, kind: Kind, key: Key, content: Content? = nil, size: Int? = nil,
        salt: Data? = nil, commitment: Data? = nil, contentType: String? = nil, expiresAt: Timestamp? = nil,
        previousVersion: UInt64? = nil, reason: String? = nil, principal: String, commandID: CommandID,
        fingerprint: Fingerprint? = nil, dot: Dot? = nil, traceparent: String? = nil, issuedAt: Timestamp,
        appliedAt: Timestamp, leafHash: Data = Data()
    ) {
        self.partition = partition
        self.sequence = sequence
        self.kind = kind
        self.key = key
        self.content = content
        self.size = size
        self.salt = salt
        self.commitment = commitment
        self.contentType = contentType
        self.expiresAt = expiresAt
        self.previousVersion = previousVersion
        self.reason = reason
        self.principal = principal
        self.commandID = commandID
        self.fingerprint = fingerprint
        self.dot = dot
        self.traceparent = traceparent
        self.issuedAt = issuedAt
        self.appliedAt = appliedAt
        self.leafHash = leafHash
    }

    /// Whether its value was destroyed.
    package var isErased: Bool { kind == .put && salt == nil }
    /// Whether its value is in the archive, of an event that was read with its value.
    package var isArchived: Bool { kind == .put && salt != nil && content == nil }

    /// The reasons of `rejected` events.
    package enum Reason {
        package static let preconditionFailed = "precondition-failed"
        package static let idempotencyKeyReused = "idempotency-key-reused"
    }

    /// What the command's sender is told, now or on a later retry.
    package var outcome: Outcome {
        let result: Outcome.Result =
            switch kind {
            case .put: .put(created: previousVersion == nil)
            case .deleted, .expired, .erased: .deleted(existed: previousVersion != nil)
            case .rejected:
                reason == Reason.idempotencyKeyReused
                    ? .rejected(.idempotencyKeyReused) : .rejected(.preconditionFailed(current: previousVersion))
            }
        return Outcome(command: commandID, partition: partition, sequence: sequence, result: result)
    }
}
