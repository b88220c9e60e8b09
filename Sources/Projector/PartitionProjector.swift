import Cache
import Commands
import EventLog
import Logging
import Metrics
import Synchronization

/// Applies one partition's commands for as long as this worker owns it.
///
/// Messages are taken in the order of the queue and acknowledged after their commit and its invalidation, never before and
/// never out of order. The expiry sweep goes through the same gate as the batches.
final class PartitionProjector: Sendable {
    enum End: Sendable, Equatable {
        /// Handed over, or the bus ended the subscription: the lease may be given up.
        case drained
        /// A newer owner exists.
        case fenced
    }

    /// Rows of the version vector that one statement removes at most.
    private static let originBatch = 500

    let partition: Partition
    let epoch: UInt64
    private let subscription: any CommandSubscription
    private let source: any CommandSource
    private let store: any EventStore
    private let cache: CacheMaintainer
    private let applier: BatchApplier
    private let lone: LoneApplier
    private let limits: ProjectorConfiguration
    private let metrics: ProjectorMetrics
    private let logger: Logger
    private let clock: any WallClock
    private let gate = AsyncGate()
    private let vector: VectorBox
    private let report: CommandReport
    /// When the oldest command of the newest batch was accepted: what is still in the queue came after it.
    private let appliedThrough = Mutex<Timestamp?>(nil)
    /// What was taken from the subscription and is not applied.
    private let atHand = Mutex(HeldCommands())

    init(
        partition: Partition, epoch: UInt64, subscription: any CommandSubscription, vector: VersionVector,
        cache: CacheMaintainer, parts: ProjectorParts, trialGate: AsyncGate, metrics: ProjectorMetrics, logger: Logger
    ) {
        var logger = logger
        logger[metadataKey: "partition"] = "\(partition)"
        self.partition = partition
        self.epoch = epoch
        self.subscription = subscription
        self.cache = cache
        self.vector = VectorBox(vector)
        self.metrics = metrics
        self.logger = logger
        report = CommandReport(logger)
        source = parts.source
        store = parts.store
        limits = parts.configuration
        clock = parts.clock
        applier = BatchApplier(
            partition: partition, epoch: epoch, store: parts.store, trials: parts.trials, clock: parts.clock,
            quarantine: parts.configuration.quarantine, salts: parts.salts, metrics: metrics, logger: logger)
        lone = LoneApplier(
            partition: partition, applier: applier, gate: trialGate, tries: parts.configuration.loneTries,
            metrics: metrics, logger: logger)
    }

    /// Runs until the subscription ends (by `stop`, or because the connection was lost) or a newer owner is found.
    func run() async -> End {
        let end: End
        do {
            end = try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await self.sweep() }
                group.addTask { try await self.sweepOrigins() }
                try await self.consume()
                group.cancelAll()
                return .drained
            }
        } catch let stopped as BatchApplier.Stopped {
            end = stopped.fenced ? .fenced : .drained
        } catch {
            logger.error("partition stopped", metadata: ["error": "\(error)"])
            end = .drained
        }
        await subscription.close()
        return end
    }

    /// Begins a graceful hand-over: the batch at hand is still applied, then `run` returns. What else was delivered goes back.
    func stop() { subscription.cancel() }

    /// What was delivered and is not applied. Any thread.
    var unapplied: HeldCommands {
        var held = atHand.withLock { $0 }
        let waiting = subscription.waiting
        held.messages += waiting.messages
        held.commands += waiting.commands
        if held.oldest == nil, held.messages > 0 { held.oldest = appliedThrough.withLock { $0 } }
        return held
    }

    private func consume() async throws {
        while let deliveries = await subscription.next(limit: limits.batchCommands) {
            let began = ContinuousClock.now
            take(deliveries)
            var items: [BatchApplier.Item] = []
            var applied: Delivery.Tag?
            for delivery in deliveries {
                switch delivery.content {
                case .success(let batch):
                    if delivery.redelivered { metrics.redelivered.increment(by: batch.commands.count) }
                    let own = batch.commands.enumerated().map { index, command in
                        BatchApplier.Item(
                            command: command, dot: Dot(origin: batch.origin, n: batch.firstN + UInt64(index)))
                    }
                    if delivery.previousDeliveries > limits.suspectDeliveries {
                        try await apply(items, through: applied)
                        items = []
                        applied = nil
                        try await apply(own, through: delivery.tag, alone: true)
                        continue
                    }
                    items += own
                    applied = delivery.tag
                case .failure(let error):
                    // Everything before it is settled first: the dead letter must be the oldest one.
                    try await apply(items, through: applied)
                    items = []
                    applied = nil
                    logger.error("message set aside", metadata: ["error": "\(error.message)"])
                    metrics.undecodable.increment()
                    subscription.deadLetter(delivery.tag)
                }
            }
            try await apply(items, through: applied)
            atHand.withLock { $0 = HeldCommands() }
            if deliveries.count < limits.smallBatchMessages { await gather(after: items, since: began) }
        }
    }

    private func take(_ deliveries: [Delivery]) {
        var held = HeldCommands(messages: deliveries.count)
        for case .success(let batch) in deliveries.lazy.map(\.content) {
            held.commands += batch.commands.count
            for command in batch.commands { held.oldest = min(held.oldest ?? command.issuedAt, command.issuedAt) }
        }
        atHand.withLock { [held] in $0 = held }
    }

    /// A transaction costs much the same for one command as for fifty. After a small batch that nobody waits for, the
    /// partition rests for some times as long as the batch took, so that the next one is larger when there is much to do.
    private func gather(after items: [BatchApplier.Item], since began: ContinuousClock.Instant) async {
        guard items.count < limits.smallBatchCommands, !items.contains(where: \.command.wantsOutcome) else { return }
        let rest = min((ContinuousClock.now - began) * limits.restFactor, limits.longestRest)
        try? await Task.sleep(for: rest)
    }

    /// - Parameters:
    ///   - last: the delivery that holds the last of the items; settled with all before it when they are applied.
    ///   - alone: the items are one message's, and suspected of what projectors died of.
    private func apply(_ items: [BatchApplier.Item], through last: Delivery.Tag?, alone: Bool = false) async throws {
        guard let last, !items.isEmpty else { return }
        metrics.batchCommands.record(items.count)
        let oldest = items.map(\.command.issuedAt).min()!
        let outcomes = try await gate.withGate {
            guard alone else { return try await self.settle(items) }
            return try await self.lone.apply(items) { items in
                try await self.settle(items)
            } setAside: { item, reason in
                let write = try await self.applier.setAside(item, reason: reason)
                try await self.follow(write)
                return write.outcomes
            }
        }
        metrics.lag.recordNanoseconds(max(0, clock.now().microseconds - oldest.microseconds) * 1_000)
        metrics.commandsApplied.increment(by: items.count)
        appliedThrough.withLock { $0 = oldest }
        subscription.acknowledge(through: last)
        tell(outcomes, of: items)
        report(outcomes, of: items.lazy.map(\.command))
    }

    private func settle(_ items: [BatchApplier.Item]) async throws -> [Outcome] {
        let writes = try await applier.apply(items, applied: vector.value.applied)
        for write in writes { try await follow(write) }
        return writes.flatMap(\.outcomes)
    }

    /// The commit is done: Redis follows, and only then are the senders told, so that they read what they wrote.
    ///
    /// What stood in the log before this transaction is not in `write`: after a commit whose answer was lost, the one that ran
    /// again found its commands there and changed nothing. Then `from` is ahead of Redis, which is repaired from the log.
    private func follow(_ write: BatchWrite) async throws {
        let from = write.sequence - UInt64(write.events.count)
        vector.advance(to: write.sequence, applied: write.applied)
        let fenced = await cache.committed(
            from: from, to: write.sequence, applied: write.applied, changed: write.projection.map(\.key))
        if fenced { throw BatchApplier.Stopped(fenced: true) }
    }

    private func tell(_ outcomes: [Outcome], of items: [BatchApplier.Item]) {
        precondition(outcomes.count == items.count, "one outcome a command")
        var byOrigin: [Origin: [Outcome]] = [:]
        for (item, outcome) in zip(items, outcomes) where item.command.wantsOutcome {
            byOrigin[item.dot.origin, default: []].append(outcome)
        }
        for (origin, outcomes) in byOrigin { source.send(outcomes, to: origin) }
    }

    /// Writes the `expired` events. Values past their expiry are absent already: readers look at the time themselves.
    private func sweep() async throws {
        while true {
            try await Task.sleep(for: limits.expirySweepInterval)
            try await retryDeadLetters()
            var found = limits.batchCommands
            while found == limits.batchCommands {
                let keys: [Key]
                do {
                    keys = try await store.keysAwaitingExpiry(
                        in: partition, at: clock.now(), limit: limits.batchCommands)
                } catch {
                    break  // the database is away; the next sweep finds them
                }
                found = keys.count
                if keys.isEmpty { break }
                try await gate.withGate {
                    let write = try await self.applier.expire(keys)
                    try await self.follow(write)
                    self.metrics.expired.increment(by: write.events.count)
                }
            }
        }
    }

    /// Applies the dead letters that operators want tried again and those that were only held behind one, in the order they
    /// died, each by itself. What fails again waits for another decision, and what may be what projectors die of is tried
    /// only so often.
    private func retryDeadLetters() async throws {
        // Claimed within the gate: an erasure must not be applied while its key's letter is in memory.
        while try await gate.withGate({
            guard let letter = try? await self.store.claimDeadLetter(in: self.partition) else { return false }
            try await self.retry(letter)
            return true
        }) {}
    }

    private func retry(_ letter: DeadLetter) async throws {
        let item = BatchApplier.Item(command: letter.command, dot: letter.dot)
        let outcomes = try await lone.apply([item]) { _ in
            do {
                let write = try await self.applier.retry(item)
                try await self.follow(write)
                self.metrics.revived.increment(by: write.revived.count)
                return write.outcomes
            } catch let error as EventLogError where error.code == .rejectedStatement {
                try await self.applier.giveBack(letter, reason: error.message)
                return []
            }
        } setAside: { _, reason in
            try await self.applier.giveBack(letter, reason: reason)
            return []
        }
        report(outcomes, of: [letter.command])
    }

    /// Removes gateway runs that fell silent long ago. Silence counts back from what was applied last, not from now, so that
    /// the partition's backlog never makes it look longer; a partition where nothing happens keeps what it has.
    private func sweepOrigins() async throws {
        while true {
            try await Task.sleep(for: limits.originSweepInterval)
            guard let newest = appliedThrough.withLock({ $0 }) else { continue }
            let bound = newest + (.zero - limits.originRetention)
            var found = Self.originBatch
            while found == Self.originBatch {
                found = await gate.withGate {
                    guard
                        let origins = try? await self.store.forgetOrigins(
                            in: self.partition, silentSince: bound, limit: Self.originBatch)
                    else { return 0 }  // the database is away or busy; the next sweep finds them
                    self.vector.forget(origins)
                    self.metrics.originsForgotten.increment(by: origins.count)
                    return origins.count
                }
            }
        }
    }
}
