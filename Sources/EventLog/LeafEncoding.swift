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

extension Event {
    /// Reads a leaf's data back: the event without its value and salt. `nil` when it is not whole.
    package init?(leafData: Data) {
        var decoder = LeafDecoder(rest: Array(leafData)[...])
        guard decoder.byte() == 1, let partition = decoder.word(), let sequence = decoder.word(),
            let kind = decoder.text().flatMap({ $0.flatMap(Kind.init(rawValue:)) }), let key = decoder.text() ?? nil,
            let commitment = decoder.bytes(), let size = decoder.optionalWord(), let contentType = decoder.text(),
            let expiresAt = decoder.optionalWord(), let previousVersion = decoder.optionalWord(),
            let reason = decoder.text(), let principal = decoder.text() ?? nil, let high = decoder.word(),
            let low = decoder.word(), let fingerprint = decoder.bytes(), let origin = decoder.optionalWord(),
            let n = decoder.optionalWord(), let traceparent = decoder.text(), let issuedAt = decoder.word(),
            let appliedAt = decoder.word(), decoder.rest.isEmpty,
            partition < UInt64(Partitioner.allowedCounts.upperBound)
        else { return nil }
        func time(_ word: UInt64) -> Timestamp { Timestamp(microseconds: Int64(bitPattern: word)) }
        self.init(
            partition: Partition(Int(partition)), sequence: sequence, kind: kind, key: Key(trusted: key),
            size: size.map { Int(truncatingIfNeeded: $0) }, commitment: commitment, contentType: contentType,
            expiresAt: expiresAt.map(time), previousVersion: previousVersion, reason: reason, principal: principal,
            commandID: CommandID(high: high, low: low), fingerprint: fingerprint.flatMap { Fingerprint(bytes: $0) },
            dot: origin.flatMap { origin in n.map { Dot(origin: Origin(origin), n: $0) } }, traceparent: traceparent,
            issuedAt: time(issuedAt), appliedAt: time(appliedAt))
        leafHash = computedLeafHash
    }
}

/// `nil` when there is too little, and within it `nil` for what is absent.
private struct LeafDecoder {
    var rest: ArraySlice<UInt8>

    mutating func byte() -> UInt8? { rest.popFirst() }

    mutating func word() -> UInt64? {
        guard rest.count >= 8 else { return nil }
        defer { rest = rest.dropFirst(8) }
        return rest.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    mutating func optionalWord() -> UInt64?? {
        guard let flag = byte(), let value = word() else { return nil }
        return .some(flag == 0 ? nil : value)
    }

    mutating func bytes() -> Data?? {
        guard let count = word() else { return nil }
        if count == .max { return .some(nil) }
        guard count <= UInt64(rest.count) else { return nil }
        defer { rest = rest.dropFirst(Int(count)) }
        return .some(Data(rest.prefix(Int(count))))
    }

    mutating func text() -> String?? { bytes().map { $0.map { String(decoding: $0, as: UTF8.self) } } }
}
