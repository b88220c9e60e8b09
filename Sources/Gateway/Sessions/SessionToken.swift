package import Commands
import Foundation

/// What a client has seen and written: of each partition a sequence, and the dots it has written that were not known to
/// be applied. A client that echoes the last token it got has a causal session.
///
/// On the wire: a format byte, the cluster's tag (8 bytes), P, then of each partition in order: its number, the
/// sequence, how many dots, and of each dot in origin order the origin (8 bytes) and n. Other integers are varints; the
/// whole is base64url without padding. A cluster's token is meaningless to another one, so a wrong tag or P is refused.
package struct SessionToken: Sendable, Equatable {
    package struct Mark: Sendable, Equatable {
        package var partition: Partition
        /// The client has seen everything up to here.
        package var sequence: UInt64
        /// Of each origin the last dot not known to be applied.
        package var pending: [Dot]

        package init(partition: Partition, sequence: UInt64, pending: [Dot]) {
            self.partition = partition
            self.sequence = sequence
            self.pending = pending
        }
    }

    /// In partition order, each partition at most once.
    package private(set) var marks: [Mark] = []

    package init() {}

    package subscript(partition: Partition) -> Mark? {
        marks.first { $0.partition == partition }
    }

    /// The client was shown, or wrote and was told of, the state at `sequence`.
    package mutating func saw(_ sequence: UInt64, in partition: Partition) {
        update(partition) { $0.sequence = max($0.sequence, sequence) }
    }

    /// The client's command was acknowledged and not yet applied.
    package mutating func wrote(_ dot: Dot, in partition: Partition) {
        update(partition) { mark in
            if let index = mark.pending.firstIndex(where: { $0.origin == dot.origin }) {
                mark.pending[index].n = max(mark.pending[index].n, dot.n)
            } else {
                mark.pending.append(dot)
            }
        }
    }

    /// Dots that `vector` covers fold into the sequence.
    package mutating func fold(_ vector: VersionVector, in partition: Partition) {
        guard let mark = self[partition], mark.pending.contains(where: vector.covers) else { return }
        update(partition) { mark in
            mark.pending.removeAll(where: vector.covers)
            mark.sequence = max(mark.sequence, vector.sequence)
        }
    }

    private mutating func update(_ partition: Partition, _ change: (inout Mark) -> Void) {
        let index = marks.firstIndex { $0.partition >= partition } ?? marks.endIndex
        if index == marks.endIndex || marks[index].partition != partition {
            marks.insert(Mark(partition: partition, sequence: 0, pending: []), at: index)
        }
        change(&marks[index])
    }
}

extension SessionToken {
    /// So many pending dots of one partition, or of all together, are worth asking which of them are applied. A client
    /// that reads now and then, or writes through a few gateways, never has as many.
    static let crowdedMark = 16
    static let crowdedToken = 128

    /// Whether a client has written through so many gateway runs, or to so many partitions, without reading that its
    /// token should be folded before it grows on.
    package var isCrowded: Bool {
        var dots = 0
        for mark in marks {
            dots += mark.pending.count
            if mark.pending.count > Self.crowdedMark || dots > Self.crowdedToken { return true }
        }
        return false
    }

    /// The marks whose dots make the token long.
    var crowdedMarks: [Mark] {
        let dots = marks.reduce(0) { $0 + $1.pending.count }
        return marks.filter { $0.pending.count > (dots > Self.crowdedToken ? 0 : Self.crowdedMark) }
    }

    /// Whether a token can hold one more pending dot of this partition and still be taken back.
    package func hasRoom(in partition: Partition) -> Bool {
        (self[partition]?.pending.count ?? 0) < SessionTokenCodec.maximumPendingDots
    }

    /// What this token says of one partition.
    package func only(_ partition: Partition) -> SessionToken {
        var token = SessionToken()
        token.marks = marks.filter { $0.partition == partition }
        return token
    }
}
