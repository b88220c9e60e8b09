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
    package var leafData: Data { Data(leafBytes) }

    /// What `leafHash` must be.
    package var computedLeafHash: Data { leafBytes.withUnsafeBytes { MerkleFrontier.leaf($0) } }

    private var leafBytes: [UInt8] {
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
        return encoder.bytes
    }
}

/// Appends to an array, which is several times faster than to `Data` for pieces this small.
private struct LeafEncoder {
    private(set) var bytes: [UInt8] = []

    init(format: UInt8) {
        bytes.reserveCapacity(512)
        bytes.append(format)
    }

    mutating func append(_ value: UInt64) {
        withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func append(_ value: Int64) { append(UInt64(bitPattern: value)) }

    mutating func append(_ value: UInt64?) {
        bytes.append(value == nil ? 0 : 1)
        append(value ?? 0)
    }

    mutating func append(_ value: Int64?) { append(value.map { UInt64(bitPattern: $0) }) }

    mutating func append(_ value: String?) {
        guard var value else { return append(UInt64.max) }
        value.withUTF8 {
            append(UInt64($0.count))
            bytes.append(contentsOf: $0)
        }
    }

    mutating func append(_ value: Data?) {
        guard let value else { return append(UInt64.max) }
        append(UInt64(value.count))
        value.withUnsafeBytes { bytes.append(contentsOf: $0) }
    }
}
