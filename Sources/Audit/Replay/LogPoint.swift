package import Commands
package import EventLog

/// A moment in the life of a log.
package enum LogPoint: Sendable, Equatable {
    case now
    case time(Timestamp)
    /// Partitions that are not named stand where they stand now.
    case sequences([Partition: UInt64])

    /// An RFC 3339 time, or `PARTITION:SEQUENCE`, several with commas between.
    package init?(_ text: String) {
        if let time = Timestamp(rfc3339: text) {
            self = .time(time)
            return
        }
        var sequences: [Partition: UInt64] = [:]
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let numbers = part.split(separator: ":", omittingEmptySubsequences: false)
            guard numbers.count == 2, let partition = Int(numbers[0]), partition >= 0, let sequence = UInt64(numbers[1])
            else { return nil }
            sequences[Partition(partition)] = sequence
        }
        self = .sequences(sequences)
    }

    package struct Position: Sendable, Equatable {
        package var partition: Partition
        package var sequence: UInt64
        /// By which values have expired.
        package var time: Timestamp

        package init(partition: Partition, sequence: UInt64, time: Timestamp) {
            self.partition = partition
            self.sequence = sequence
            self.time = time
        }
    }

    package struct Beyond: Error, Sendable {
        package var partition: Partition
        package var sequence: UInt64
        /// `nil` when there is no such partition.
        package var last: UInt64?
    }

    /// - Throws: ``Beyond`` when a partition has not come so far.
    package func positions(in source: some SnapshotSource, now: Timestamp) async throws -> [Position] {
        let heads = try await source.heads()
        var positions = heads.map { Position(partition: $0.partition, sequence: $0.sequence, time: now) }
        switch self {
        case .now: break
        case .time(let time):
            for index in positions.indices {
                positions[index].sequence = try await source.sequence(of: positions[index].partition, at: time)
                positions[index].time = time
            }
        case .sequences(let sequences):
            for (partition, sequence) in sequences {
                guard let index = positions.firstIndex(where: { $0.partition == partition }) else {
                    throw Beyond(partition: partition, sequence: sequence, last: nil)
                }
                guard sequence <= positions[index].sequence else {
                    throw Beyond(partition: partition, sequence: sequence, last: positions[index].sequence)
                }
                positions[index].sequence = sequence
                // As it was when its last event was applied.
                positions[index].time = try await source.fold(
                    partition, after: max(sequence, 1) - 1, through: sequence, values: false, into: now
                ) { $0 = Timestamp(microseconds: $1.appliedAt) }
            }
        }
        return positions
    }
}
