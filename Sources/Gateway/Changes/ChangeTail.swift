import Commands
import EventLog
import Metrics
import Synchronization

/// The end of the log as all feeds of this gateway follow it: one task asks the database while there is a feed, keeps
/// what is new in memory and wakes them. It never waits for one of them.
///
/// A partition's sequences have no gaps and are given out inside the transaction that holds the partition, so that
/// whoever reads up to a sequence has read everything before it; there is no order across partitions to wait for.
final class ChangeTail: Sendable {
    private struct Follower {
        var wake: AsyncStream<Void>.Continuation
        var values: Bool
    }

    private struct State {
        var recent = RecentChanges(after: [], maximumWeight: 0)
        var followers: [UInt64: Follower] = [:]
        var lastID: UInt64 = 0
        var polling: Task<Void, Never>?
        /// What is read for one generation is of no use to the next.
        var generation = 0

        var wantsValues: Bool { followers.values.contains(where: \.values) }
    }

    let limits: FeedLimits
    let metrics = FeedMetrics()
    private let log: any LogReader
    private let state = Mutex(State())

    init(log: any LogReader, limits: FeedLimits) {
        self.log = log
        self.limits = limits
    }

    /// Where the log begins and ends now.
    func extents() async throws(EventLogError) -> [LogExtent] { try await log.extents() }

    var openFeeds: Int { state.withLock { $0.followers.count } }

    /// Follows from now on, until the seat is gone.
    ///
    /// - Parameter heads: where the log ended a moment ago.
    /// - Returns: `nil` when no more are allowed.
    func follow(from heads: [UInt64], values: Bool) -> FeedSeat? {
        let (wakeups, wake) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let id: UInt64? = state.withLock { state in
            guard state.followers.count < limits.feeds else { return nil }
            if state.followers.isEmpty {
                state.recent = RecentChanges(after: heads, maximumWeight: limits.recentBytes)
                state.generation += 1
                state.polling = Task { await self.poll() }
            } else if values && !state.wantsValues {
                // What is in memory lacks them.
                for (number, head) in state.recent.heads.enumerated() {
                    state.recent.skip(to: head, in: Partition(number))
                }
                state.generation += 1
            }
            state.lastID += 1
            state.followers[state.lastID] = Follower(wake: wake, values: values)
            return state.lastID
        }
        guard let id else {
            metrics.refused.increment()
            return nil
        }
        metrics.open.increment()
        return FeedSeat(wakeups: wakeups) { [weak self] in
            self?.leave(id)
        } end: {
            wake.finish()
        }
    }

    private func leave(_ id: UInt64) {
        metrics.open.decrement()
        state.withLock { state in
            state.followers[id] = nil
            guard state.followers.isEmpty else { return }
            state.polling?.cancel()
            state.polling = nil
        }
    }

    /// What `cursor` takes next from memory.
    func take(_ cursor: inout FeedCursor) -> (events: [Event], gap: FeedCursor.Gap?) {
        // A copy shares its storage: the lock is not held while the events are sifted.
        let recent = state.withLock(\.recent)
        return cursor.take(from: recent)
    }

    /// Reads for a feed that is behind.
    func page(_ gap: FeedCursor.Gap, filter: ChangeFilter, values: Bool) async throws(EventLogError) -> ChangePage? {
        metrics.ownPages.increment()
        return try await log.changes(
            in: gap.partition, after: gap.after, through: gap.through, prefix: filter.prefix,
            valueBytes: values ? limits.pageBytes : nil)
    }

    // MARK: - The one reader

    private func poll() async {
        var pace = PollPace()
        var lastWake = ContinuousClock.now
        while !Task.isCancelled {
            let moved = try? await advance()
            if moved == true || ContinuousClock.now - lastWake > .seconds(1) {
                // Those with nothing new look whether a heartbeat is due.
                lastWake = .now
                for follower in state.withLock({ Array($0.followers.values) }) { follower.wake.yield() }
            }
            try? await Task.sleep(for: pace.next(moved: moved))
        }
    }

    /// - Returns: whether there was something new.
    private func advance() async throws(EventLogError) -> Bool {
        metrics.polls.increment()
        let (generation, known, values) = state.withLock { ($0.generation, $0.recent.heads, $0.wantsValues) }
        let moved = try await log.extents().filter { $0.sequence > known[$0.partition.number] }
        await withTaskGroup { group in
            for extent in moved {
                group.addTask {
                    await self.read(
                        extent.partition, from: known[extent.partition.number], to: extent.sequence, values: values,
                        generation: generation)
                }
            }
        }
        return !moved.isEmpty
    }

    private func read(
        _ partition: Partition, from known: UInt64, to head: UInt64, values: Bool, generation: Int
    ) async {
        var after = known
        while after < head && !Task.isCancelled {
            var page: ChangePage?
            if head - after <= limits.longestRun {
                metrics.sharedPages.increment()
                do throws(EventLogError) {
                    page = try await log.changes(
                        in: partition, after: after, through: min(head, after + limits.pageSequences), prefix: "",
                        valueBytes: values ? limits.pageBytes : nil)
                } catch {
                    return  // the next poll goes on from here
                }
            }
            state.withLock { state in
                guard state.generation == generation else { return }
                if let page, !page.events.contains(where: { $0.kind == .erased }) {
                    state.recent.append(page.events, in: partition)
                } else {
                    // After an erasure no value of before may be given out from here.
                    state.recent.skip(to: page?.reached ?? head, in: partition)
                }
            }
            after = page?.reached ?? head
        }
    }
}
