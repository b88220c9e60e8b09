import Commands
import EventLog
import Foundation

/// What `tidemark rebuild` prints.
struct RebuildRunReport: Encodable {
    struct Partition: Encodable {
        var partition: Int
        var sequence: UInt64
        var rows: UInt64
        var digest: String
        var liveRows: UInt64
        var liveDigest: String
    }

    struct Difference: Encodable {
        var partition: Int
        var sequence: UInt64
        var key: String
        var column: String
        var keys: Int
    }

    var generation: Int64
    var equal: Bool
    var swapped: Bool
    var events: Int
    var seconds: Double
    var partitions: [Partition]
    var differences: [Difference]

    init(_ report: RebuildReport) {
        generation = report.generation
        equal = report.differences.isEmpty
        swapped = report.isSwapped
        events = report.events
        seconds = report.seconds
        partitions = report.partitions.map {
            Partition(
                partition: $0.partition.number, sequence: $0.sequence, rows: $0.digest.rows,
                digest: $0.digest.description, liveRows: $0.live.rows, liveDigest: $0.live.description)
        }
        differences = report.differences.map {
            Difference(
                partition: $0.partition.number, sequence: $0.sequence, key: $0.key.text, column: $0.column,
                keys: $0.keys)
        }
    }

    var text: String {
        let rate = seconds > 0 ? Int(Double(events) / seconds) : 0
        var lines = [
            "\(Figures.count(events)) events in \(Figures.fixed(seconds, 1)) s, \(Figures.count(rate)) a second"
        ]
        for partition in partitions {
            let same = partition.digest == partition.liveDigest ? "equal" : "DIFFERENT"
            lines.append(
                "partition \(partition.partition) at \(partition.sequence): \(Figures.count(Int(partition.rows))) rows, "
                    + "digest \(partition.digest.prefix(16))…, \(same)")
        }
        for difference in differences {
            lines.append(
                "partition \(difference.partition) at \(difference.sequence) differs first in key \"\(difference.key)\", "
                    + "\(difference.column == "key" ? "which only one generation has" : "column \(difference.column)")"
                    + "; \(Figures.count(difference.keys)) keys in all")
        }
        lines.append(ending)
        return lines.joined(separator: "\n")
    }

    private var ending: String {
        switch (swapped, equal) {
        case (true, _):
            "generation \(generation) is served; the one before is kept up to date: `tidemark rebuild rollback`, or `finish`"
        case (false, true): "generation \(generation) is equal, and not served yet: `tidemark rebuild` swaps it in"
        case (false, false):
            "what differs was not swapped in; if the live projection is the wrong one, `tidemark rebuild --accept`, "
                + "else `tidemark rebuild finish`"
        }
    }
}
