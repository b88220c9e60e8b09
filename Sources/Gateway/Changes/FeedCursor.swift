import Commands
import EventLog

/// Where one feed is, and what it takes next. No I/O.
struct FeedCursor {
    /// What the feed has to read for itself: it is behind what is kept in memory.
    struct Gap: Equatable {
        var partition: Partition
        var after: UInt64
        var through: UInt64
    }

    private(set) var position: FeedPosition
    private let filter: ChangeFilter
    private let limits: FeedLimits
    /// The partition that comes first next time, so that a busy one does not starve the others.
    private var turn = 0

    init(at position: FeedPosition, filter: ChangeFilter, limits: FeedLimits) {
        self.position = position
        self.filter = filter
        self.limits = limits
    }

    /// Takes what is in memory for this feed, and goes past what is not.
    ///
    /// - Returns: the events, and where the feed is behind, if it is anywhere.
    mutating func take(from recent: RecentChanges) -> (events: [Event], gap: Gap?) {
        var events: [Event] = []
        var bytes = 0
        var gap: Gap?
        let partitions = position.sequences.count
        for offset in 0..<partitions {
            let partition = Partition((turn + offset) % partitions)
            let sequence = position[partition]
            guard recent.reaches(backTo: sequence, in: partition) else {
                if gap == nil {
                    gap = Gap(
                        partition: partition, after: sequence,
                        through: min(recent.head(of: partition), sequence + limits.pageSequences))
                }
                continue
            }
            for event in recent.events(after: sequence, in: partition) {
                guard events.count < limits.pageEvents, bytes < limits.pageBytes else { break }
                position.advance(to: event.sequence, in: partition)
                guard filter.admits(event.key) else { continue }
                events.append(event)
                bytes += event.content?.value.count ?? 0
            }
        }
        turn = ((gap?.partition.number ?? turn) + 1) % partitions
        return (events, gap)
    }

    /// Takes a page that was read for a gap.
    mutating func take(_ page: ChangePage, for gap: Gap) -> [Event] {
        position.advance(to: page.reached, in: gap.partition)
        return page.events.filter { filter.admits($0.key) }
    }
}
