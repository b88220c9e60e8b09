package import Commands

/// Feed positions as text, for one cluster: a format byte, the cluster's tag (8 bytes), P, then the sequence of each
/// partition in order. Other integers are varints as short as they can be; the whole is base64url without padding. One
/// position has one text.
package struct FeedPositionCodec: Sendable {
    /// No session token begins so.
    private static let format: UInt8 = 0x81
    /// The longest varint has ten bytes.
    private static let longestSequence = 10

    package enum Invalid: Error, Equatable, Sendable {
        case malformed
        case otherCluster
        case otherPartitions
    }

    private let clusterTag: UInt64
    package let partitions: Int
    private let head: [UInt8]

    package init(clusterTag: UInt64, partitions: Int) {
        self.clusterTag = clusterTag
        self.partitions = partitions
        var head = [Self.format]
        head.appendWord(clusterTag)
        head.appendVarint(UInt64(partitions))
        self.head = head
    }

    package func encode(_ position: FeedPosition) -> String {
        var bytes = head
        bytes.reserveCapacity(head.count + 5 * position.sequences.count)
        for sequence in position.sequences { bytes.appendVarint(sequence) }
        return bytes.withUnsafeBytes(Base64URL.encode)
    }

    package func decode(_ text: String) throws(Invalid) -> FeedPosition {
        // Another cluster may have other partitions: what is too long for any is refused unread.
        let longest = (head.count + 1 + Partitioner.allowedCounts.upperBound * Self.longestSequence) * 4 / 3 + 4
        guard text.utf8.count <= longest, let bytes = Base64URL.decode(text) else { throw .malformed }
        var reader = ByteReader(bytes)
        guard reader.byte() == Self.format, let tag = reader.word() else { throw .malformed }
        guard tag == clusterTag else { throw .otherCluster }
        guard let count = reader.varint() else { throw .malformed }
        guard count == UInt64(partitions) else { throw .otherPartitions }
        var sequences: [UInt64] = []
        sequences.reserveCapacity(partitions)
        for _ in 0..<partitions {
            guard let sequence = reader.varint(), sequence <= UInt64(Int64.max) else { throw .malformed }
            sequences.append(sequence)
        }
        guard reader.isAtEnd else { throw .malformed }
        return FeedPosition(sequences)
    }
}
