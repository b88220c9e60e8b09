import Commands
import EventLog

/// The newest events of every partition, without gaps: what feeds that keep up are served from, so that the database is
/// asked once for all of them. Bounded by weight; the older half goes when it gets too heavy.
struct RecentChanges {
    /// Bytes, about: what an event weighs beside its key and value.
    private static let eventWeight = 400

    /// Small pages are joined up to so many events. A copy of all this costs little, and what is added after it was made no
    /// more than one page.
    private static let chunkEvents = 256

    private struct Run {
        /// Events after this sequence are here.
        var floor: UInt64
        var head: UInt64
        var chunks: [[Event]] = []

        init(after sequence: UInt64) {
            floor = sequence
            head = sequence
        }
    }

    private var runs: [Run]
    private var weight = 0
    private let maximumWeight: Int

    /// - Parameter heads: of each partition the sequence that feeds begin after.
    init(after heads: [UInt64], maximumWeight: Int) {
        runs = heads.map(Run.init)
        self.maximumWeight = maximumWeight
    }

    var heads: [UInt64] { runs.map(\.head) }

    /// How far the partition is known.
    func head(of partition: Partition) -> UInt64 { runs[partition.number].head }

    /// Whether everything after `sequence` that is known is here.
    func reaches(backTo sequence: UInt64, in partition: Partition) -> Bool { sequence >= runs[partition.number].floor }

    /// The events after `sequence`, the oldest first.
    func events(after sequence: UInt64, in partition: Partition) -> some Sequence<Event> {
        let chunks = runs[partition.number].chunks
        // Most ask for the last few.
        let first = chunks.lastIndex { $0[$0.count - 1].sequence <= sequence }.map { $0 + 1 } ?? 0
        return chunks[first...].joined().drop { $0.sequence <= sequence }
    }

    /// Events that don't follow the partition's head without a gap are not kept: feeds read them for themselves.
    mutating func append(_ events: [Event], in partition: Partition) {
        guard let first = events.first, let last = events.last else { return }
        guard first.sequence == runs[partition.number].head + 1 else { return skip(to: last.sequence, in: partition) }
        let end = runs[partition.number].chunks.endIndex - 1
        if end >= 0, runs[partition.number].chunks[end].count + events.count <= Self.chunkEvents {
            runs[partition.number].chunks[end] += events
        } else {
            runs[partition.number].chunks.append(events)
        }
        runs[partition.number].head = last.sequence
        weight += Self.weight(of: events)
        if weight > maximumWeight { dropOlderHalf() }
    }

    /// Gives up what is here of the partition, and goes on at `sequence`: feeds that are not there yet read for themselves.
    mutating func skip(to sequence: UInt64, in partition: Partition) {
        let run = runs[partition.number]
        for chunk in run.chunks { weight -= Self.weight(of: chunk) }
        runs[partition.number] = Run(after: max(sequence, run.head))
    }

    private mutating func dropOlderHalf() {
        for index in runs.indices {
            for chunk in runs[index].chunks.prefix((runs[index].chunks.count + 1) / 2) {
                weight -= Self.weight(of: chunk)
                runs[index].floor = chunk[chunk.count - 1].sequence
                runs[index].chunks.removeFirst()
            }
        }
    }

    private static func weight(of events: [Event]) -> Int {
        events.reduce(0) { $0 + eventWeight + $1.key.text.utf8.count + ($1.content?.value.count ?? 0) }
    }
}
