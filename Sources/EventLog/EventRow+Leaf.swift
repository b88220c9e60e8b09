import Commands

extension EventRow {
    /// What `leaf_hash` must be, from the other columns: the same as `Event.computedLeafHash`, without making an `Event`.
    package var computedLeaf: MerkleHash {
        // A format byte, 18 fixed-size fields of at most nine bytes, and eight texts behind their length.
        let texts =
            self[.kind].count + self[.key].count + self[.valueCommitment].count + self[.contentType].count
            + self[.reason].count + self[.principal].count + self[.fingerprint].count + self[.traceparent].count
        let limit = 1 + 18 * 9 + 8 * 8 + texts
        return withUnsafeTemporaryAllocation(byteCount: limit, alignment: 8) { memory in
            var writer = LeafWriter(base: memory.baseAddress!)
            writer.byte(1)
            writer.word(self[.partition])
            writer.word(self[.sequence])
            writer.bytes(self[.kind])
            writer.bytes(self[.key])
            writer.bytes(self[.valueCommitment])
            writer.optionalWord(self[.valueSize])
            writer.bytes(self[.contentType])
            writer.optional(expiresAt)
            writer.optionalWord(self[.previousVersion])
            writer.bytes(self[.reason])
            writer.bytes(self[.principal])
            writer.raw(self[.commandID])
            writer.bytes(self[.fingerprint])
            writer.optionalWord(self[.origin])
            writer.optionalWord(self[.originSequence])
            writer.bytes(self[.traceparent])
            writer.integer(issuedAt)
            writer.integer(appliedAt)
            return MerkleHash.leaf(UnsafeRawBufferPointer(start: memory.baseAddress, count: writer.count))
        }
    }
}

/// Integers come and go big-endian; NULL is a field without a base address.
private struct LeafWriter {
    let base: UnsafeMutableRawPointer
    var count = 0

    init(base: UnsafeMutableRawPointer) { self.base = base }

    mutating func byte(_ value: UInt8) {
        base.storeBytes(of: value, toByteOffset: count, as: UInt8.self)
        count += 1
    }

    mutating func integer(_ value: Int64) {
        base.storeBytes(of: value.bigEndian, toByteOffset: count, as: Int64.self)
        count += 8
    }

    mutating func raw(_ field: UnsafeRawBufferPointer) {
        guard let start = field.baseAddress else { return }
        (base + count).copyMemory(from: start, byteCount: field.count)
        count += field.count
    }

    mutating func word(_ field: UnsafeRawBufferPointer) {
        if field.count == 8 { raw(field) } else { integer(0) }
    }

    mutating func optionalWord(_ field: UnsafeRawBufferPointer) {
        byte(field.baseAddress == nil ? 0 : 1)
        word(field)
    }

    mutating func optional(_ value: Int64?) {
        byte(value == nil ? 0 : 1)
        integer(value ?? 0)
    }

    mutating func bytes(_ field: UnsafeRawBufferPointer) {
        integer(field.baseAddress == nil ? -1 : Int64(field.count))
        raw(field)
    }
}
