import Commands
import EventLog
import Foundation

/// What `tidemark rebuild status` prints.
struct RebuildStatusReport: Encodable {
    struct Partition: Encodable {
        var partition: Int
        var sequence: UInt64
        var generation: Int64
        var mirrored: Bool
        /// Of the generation that isn't served; left out where there is none.
        var stage: String?
        var standbySequence: UInt64?
        var running: Bool?
        var verifiedSequence: UInt64?
        var rows: UInt64?
        var digest: String?
    }

    var partitions: [Partition]

    init(_ status: RebuildStatus) {
        partitions = status.rows.map { row in
            Partition(
                partition: row.partition.number, sequence: row.sequence, generation: row.generation,
                mirrored: row.isMirrored, stage: row.standby?.stage.rawValue,
                standbySequence: row.standby.map { row.isMirrored ? row.sequence : $0.sequence },
                running: row.standby?.isHeld, verifiedSequence: row.standby?.verifiedAt, rows: row.standby?.rows,
                digest: row.standby?.digest.map {
                    $0.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
                })
        }
    }

    var text: String {
        partitions.map { partition in
            var line = "partition \(partition.partition): generation \(partition.generation) at \(partition.sequence)"
            if let stage = partition.stage, let sequence = partition.standbySequence {
                line += "; the other one: \(stage), at \(sequence)"
                if let verified = partition.verifiedSequence { line += ", compared at \(verified)" }
                if partition.running == true { line += ", a process works on it" }
            }
            return line
        }.joined(separator: "\n")
    }
}
