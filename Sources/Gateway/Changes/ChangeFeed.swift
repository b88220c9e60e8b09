import Commands
package import EventLog

/// One client's feed: everything after its position, in order within each partition, each event once.
package struct ChangeFeed: Sendable {
    package enum Step: Sendable {
        /// Events to tell, the position before them, and the one behind them and all that was passed over.
        case events([Event], from: FeedPosition, to: FeedPosition)
        case heartbeat(FeedPosition)
        /// The gateway ends, and another one goes on from here; or the client may no longer see what it asked for.
        case ended(FeedPosition)
        /// Retention has overtaken the feed.
        case removed(FeedPosition)
    }

    private let tail: ChangeTail
    private let seat: FeedSeat
    private let request: ChangeRequest
    private var cursor: FeedCursor
    private var lastStep = ContinuousClock.now

    /// - Throws: why it does not begin.
    init(_ request: ChangeRequest, tail: ChangeTail) async throws(ChangeRefusal) {
        let extents: [LogExtent]
        do {
            extents = try await tail.extents()
        } catch {
            throw .failed(GatewayError(error))
        }
        let heads = extents.map(\.sequence)
        var position = FeedPosition(heads)
        switch request.start {
        case .now: break
        case .beginning: position = .beginning(partitions: heads.count)
        case .after(let given): position = given
        }
        guard extents.allSatisfy({ position[$0.partition] <= $0.sequence }) else { throw .ahead }
        if extents.contains(where: { position[$0.partition] + 1 < $0.retainedFrom }) {
            for extent in extents { position.advance(to: extent.retainedFrom - 1, in: extent.partition) }
            throw .removed(oldest: position)
        }
        guard let seat = tail.follow(from: heads, values: request.values) else { throw .tooMany(tail.limits.feeds) }
        self.tail = tail
        self.seat = seat
        self.request = request
        cursor = FeedCursor(at: position, filter: request.filter, limits: tail.limits)
    }

    /// Everything up to here has been given out.
    package var position: FeedPosition { cursor.position }
    var showsValues: Bool { request.values }
    var limits: FeedLimits { tail.limits }
    var metrics: FeedMetrics { tail.metrics }

    /// `next` answers `ended` from now on.
    func end() { seat.end() }

    /// Waits until there is something to tell.
    mutating func next() async -> Step {
        var wakeups = seat.wakeups.makeAsyncIterator()
        while true {
            if seat.isEnded || !request.isAllowed() { return .ended(position) }
            let from = position
            var (events, gap) = tail.take(&cursor)
            var isBehind = false
            if let gap {
                do throws(EventLogError) {
                    guard let page = try await tail.page(gap, filter: request.filter, values: request.values) else {
                        return .removed(from)
                    }
                    events += cursor.take(page, for: gap)
                    isBehind = true
                } catch {
                    // The database is away or busy: it is asked again after the next wake-up.
                }
            }
            if !events.isEmpty {
                lastStep = .now
                return .events(events.sorted(by: Self.precedes), from: from, to: position)
            }
            if ContinuousClock.now - lastStep >= limits.heartbeat {
                lastStep = .now
                return .heartbeat(position)
            }
            if position == from && !isBehind, await wakeups.next() == nil { return .ended(position) }
        }
    }

    /// Within a partition time never goes back, so this keeps its order.
    private static func precedes(_ a: Event, _ b: Event) -> Bool {
        (a.appliedAt.microseconds, a.partition.number, a.sequence)
            < (b.appliedAt.microseconds, b.partition.number, b.sequence)
    }
}
