package import Commands

/// Session tokens as text, for one cluster.
///
/// The layout is in ``SessionToken``'s comment. One token has one text: origins ascend, integers are as short as they
/// can be, marks say something, and nothing follows.
package struct SessionTokenCodec: Sendable {
    /// Longer texts are refused unread; a token of 1,024 partitions takes about 11,000 characters.
    package static let maximumCharacters = 32_768
    /// Of one partition. No client is given more: a write that would add one is refused before it is sent.
    package static let maximumPendingDots = 64

    private static let format: UInt8 = 1

    package enum Invalid: Error, Equatable, Sendable {
        case tooLong
        case malformed
        case otherCluster
        case otherPartitions
        case tooManyPendingDots
    }

    private let clusterTag: UInt64
    private let partitions: Int
    /// Format, tag and P as every token begins.
    private let head: [UInt8]
    /// The token of a client that has seen nothing.
    package let empty: String

    package init(clusterTag: UInt64, partitions: Int) {
        self.clusterTag = clusterTag
        self.partitions = partitions
        var head = [Self.format]
        head.appendWord(clusterTag)
        head.appendVarint(UInt64(partitions))
        self.head = head
        empty = head.withUnsafeBytes(Base64URL.encode)
    }

    package func encode(_ token: SessionToken) -> String {
        var bytes = head
        for mark in token.marks where mark.sequence > 0 || !mark.pending.isEmpty {
            bytes.appendVarint(UInt64(mark.partition.number))
            bytes.appendVarint(mark.sequence)
            bytes.appendVarint(UInt64(mark.pending.count))
            for dot in mark.pending.sorted(by: { $0.origin < $1.origin }) {
                bytes.appendWord(dot.origin.id)
                bytes.appendVarint(dot.n)
            }
        }
        return bytes.withUnsafeBytes(Base64URL.encode)
    }

    /// The token of a client that has seen one partition at `sequence`, which is what most GETs answer. One allocation.
    package func encode(sequence: UInt64, in partition: Partition) -> String {
        guard sequence > 0 else { return empty }
        // The head takes at most 11 bytes, a partition 2, a sequence 10, the count of dots 1.
        return withUnsafeTemporaryAllocation(byteCount: 24, alignment: 1) { buffer in
            buffer.copyBytes(from: head)
            var end = head.count
            end = buffer.storeVarint(UInt64(partition.number), at: end)
            end = buffer.storeVarint(sequence, at: end)
            buffer[end] = 0
            return Base64URL.encode(UnsafeRawBufferPointer(rebasing: buffer[...end]))
        }
    }

    package func decode(_ text: String) throws(Invalid) -> SessionToken {
        guard text.utf8.count <= Self.maximumCharacters else { throw .tooLong }
        guard let bytes = Base64URL.decode(text) else { throw .malformed }
        var reader = ByteReader(bytes)
        guard reader.byte() == Self.format, let tag = reader.word() else { throw .malformed }
        guard tag == clusterTag else { throw .otherCluster }
        guard let count = reader.varint() else { throw .malformed }
        guard count == UInt64(partitions) else { throw .otherPartitions }
        var token = SessionToken()
        var nextPartition: UInt64 = 0
        while !reader.isAtEnd {
            guard let number = reader.varint(), number >= nextPartition, number < UInt64(partitions),
                let sequence = reader.varint(), let dots = reader.varint(), sequence > 0 || dots > 0
            else { throw .malformed }
            guard dots <= UInt64(Self.maximumPendingDots) else { throw .tooManyPendingDots }
            nextPartition = number + 1
            let partition = Partition(Int(number))
            if sequence > 0 { token.saw(sequence, in: partition) }
            var previous: UInt64?
            for _ in 0..<dots {
                guard let origin = reader.word(), previous.map({ $0 < origin }) ?? true,
                    let n = reader.varint(), n > 0
                else { throw .malformed }
                previous = origin
                token.wrote(Dot(origin: Origin(origin), n: n), in: partition)
            }
        }
        return token
    }
}

extension UnsafeMutableRawBufferPointer {
    /// - Returns: the position after it.
    fileprivate func storeVarint(_ value: UInt64, at position: Int) -> Int {
        var rest = value
        var position = position
        while rest >= 0x80 {
            self[position] = UInt8(truncatingIfNeeded: rest) | 0x80
            rest >>= 7
            position += 1
        }
        self[position] = UInt8(rest)
        return position + 1
    }
}
