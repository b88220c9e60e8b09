import Commands
import Crypto
package import Foundation

extension Event {
    /// SHA-256(salt ‖ value): what the leaf holds in the value's place, so that the value can be erased and the tree
    /// still verifies.
    package static func commitment(salt: Data, value: Data) -> Data {
        var hash = SHA256()
        hash.update(data: salt)
        hash.update(data: value)
        return Data(hash.finalize())
    }

    /// The leaf's data: a format byte, then every field but the value and the salt in the order below; integers as eight
    /// big-endian bytes, texts and byte strings behind their length, absent ones as the length 2^64-1; an optional
    /// integer behind a byte that says whether it is there.
    package var leafData: Data {
        var encoder = LeafEncoder(format: 1)
        encoder.append(UInt64(partition.number))
        encoder.append(sequence)
        encoder.append(kind.rawValue)
        encoder.append(key.text)
        encoder.append(commitment)
        encoder.append(size.map { UInt64($0) })
        encoder.append(contentType)
        encoder.append(expiresAt?.microseconds)
        encoder.append(previousVersion)
        encoder.append(reason)
        encoder.append(principal)
        encoder.append(commandID.high)
        encoder.append(commandID.low)
        encoder.append(fingerprint?.bytes)
        encoder.append(dot?.origin.id)
        encoder.append(dot?.n)
        encoder.append(traceparent)
        encoder.append(issuedAt.microseconds)
        encoder.append(appliedAt.microseconds)
        return encoder.data
    }

    /// What `leafHash` must be.
    package var computedLeafHash: Data { MerkleFrontier.leaf(leafData) }
}

private struct LeafEncoder {
    private(set) var data: Data

    init(format: UInt8) {
        data = Data(capacity: 384)
        data.append(format)
    }

    mutating func append(_ value: UInt64) {
        withUnsafeBytes(of: value.bigEndian) { data.append(contentsOf: $0) }
    }

    mutating func append(_ value: Int64) { append(UInt64(bitPattern: value)) }

    mutating func append(_ value: UInt64?) {
        data.append(value == nil ? 0 : 1)
        append(value ?? 0)
    }

    mutating func append(_ value: Int64?) { append(value.map { UInt64(bitPattern: $0) }) }

    mutating func append(_ value: String?) {
        guard let value else { return append(UInt64.max) }
        append(UInt64(value.utf8.count))
        data.append(contentsOf: value.utf8)
    }

    mutating func append(_ value: Data?) {
        guard let value else { return append(UInt64.max) }
        append(UInt64(value.count))
        data.append(value)
    }
}
