import Commands
import Testing

@testable import Gateway

@Suite("Positions of change feeds as text") struct FeedPositionTests {
    private let codec = FeedPositionCodec(clusterTag: 42, partitions: 3)

    @Test("What was written is read", arguments: [[0, 0, 0], [1, 128, 1 << 40], [UInt64(Int64.max), 0, 7]])
    func roundTrip(sequences: [UInt64]) throws {
        #expect(try codec.decode(codec.encode(FeedPosition(sequences))).sequences == sequences)
    }

    @Test("Another cluster's, another partition map's, a session's, a cut and an overlong one are refused")
    func refused() {
        let position = FeedPosition([1, 2, 3])
        let text = codec.encode(position)
        let others: [(String, FeedPositionCodec.Invalid)] = [
            (FeedPositionCodec(clusterTag: 43, partitions: 3).encode(position), .otherCluster),
            (FeedPositionCodec(clusterTag: 42, partitions: 4).encode(FeedPosition([1, 2, 3, 4])), .otherPartitions),
            (SessionTokenCodec(clusterTag: 42, partitions: 3).empty, .malformed), ("", .malformed),
            (String(text.dropLast(2)), .malformed), (text + "AA", .malformed), ("beginning", .malformed),
            (String(repeating: "A", count: 20_000), .malformed),
        ]
        for (text, reason) in others { #expect(throws: reason, "\(text.prefix(80))") { try codec.decode(text) } }
    }

    @Test("A position never goes back") func advance() {
        var position = FeedPosition([5, 5])
        position.advance(to: 3, in: Partition(0))
        position.advance(to: 9, in: Partition(1))
        #expect(position.sequences == [5, 9])
    }
}
