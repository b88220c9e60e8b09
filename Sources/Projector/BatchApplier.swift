import Commands
import EventLog
import Foundation
import Logging
import Metrics

/// Takes batches of one partition through the database, whatever it takes: retries what may be retried, looks again
/// after a commit whose answer was lost, and isolates a command that fails by itself.
struct BatchApplier: Sendable {
    struct Item: Sendable {
        var command: Command
        var dot: Dot
    }

    /// Another worker owns the partition, or this one was told to stop.
    struct Stopped: Error {
        var fenced: Bool
    }

    let partition: Partition
    let epoch: UInt64
    let store: any EventStore
    let trials: any TrialStore
    let clock: any WallClock
    /// Whether later commands of a key wait behind its dead letters.
    let quarantine: Quarantine
    let salts: SaltSource
    let metrics: ProjectorMetrics
    let logger: Logger

    /// Commits the items, in order.
    ///
    /// - Parameter applied: what is known of the version vector; only saves look-ups, the transaction checks for itself.
    /// - Returns: the committed writes, one for each transaction, in order; their outcomes are the items'.
    func apply(_ items: [Item], applied: [Origin: UInt64]) async throws -> [BatchWrite] {
        var read = BatchRead(
            partition: partition, epoch: epoch, keys: Array(Set(items.map(\.command.key))),
            origins: Array(Set(items.map(\.dot.origin))),
            commandIDs: Self.distinct(
                items.filter { $0.command.fingerprint != nil || $0.dot.n <= applied[$0.dot.origin] ?? 0 }),
            quarantine: quarantine == .hold)
        let salts = salts.bytes(items.count * Fold.saltByteCount)
        let now = clock.now()
        do {
            return [
                try await transact(&read, all: items) { snapshot in
                    var fold = Fold(onto: snapshot, at: now, salts: salts)
                    for item in items { fold.apply(item.command, as: item.dot) }
                    return fold.decision
                }
            ]
        } catch let error as EventLogError where error.code == .rejectedStatement {
            return try await isolate(items, applied: applied, cause: error)
        }
    }

    /// Writes `expired` events for the keys whose time has come.
    func expire(_ keys: [Key]) async throws -> BatchWrite {
        var read = BatchRead(partition: partition, epoch: epoch, keys: keys, origins: [], commandIDs: [])
        let now = clock.now()
        return try await transact(&read, all: []) { snapshot in
            var fold = Fold(onto: snapshot, at: now, salts: Data())
            for key in keys { fold.expire(key) }
            return fold.decision
        }
    }

    /// Halves a batch that the database refuses until the command that it refuses stands alone, and sets that aside.
    private func isolate(_ items: [Item], applied: [Origin: UInt64], cause: EventLogError) async throws -> [BatchWrite]
    {
        if items.count > 1 {
            let half = items.count / 2
            return try await apply(Array(items[..<half]), applied: applied)
                + apply(Array(items[half...]), applied: applied)
        }
        guard let item = items.first else { throw cause }
        var metadata: Logger.Metadata = cause.metadata.mapValues { .string($0) }
        metadata.merge(Logger.Metadata(item.command)) { $1 }
        metadata["error"] = "\(cause.message)"
        logger.error("command set aside", metadata: metadata)
        return [try await setAside(item, reason: cause.message)]
    }

    /// Ends a command as a dead letter, unless it has ended already.
    func setAside(_ item: Item, reason: String) async throws -> BatchWrite {
        var read = BatchRead(
            partition: partition, epoch: epoch, keys: [], origins: [item.dot.origin], commandIDs: [item.command.id])
        let now = clock.now()
        return try await transact(&read, all: [item]) { snapshot in
            var fold = Fold(onto: snapshot, at: now, salts: Data())
            fold.setAside(item.command, as: item.dot, reason: reason)
            return fold.decision
        }
    }

    /// Applies a dead letter.
    ///
    /// - Throws: `EventLogError` `rejectedStatement` when the database still refuses it.
    func retry(_ item: Item) async throws -> BatchWrite {
        var read = BatchRead(
            partition: partition, epoch: epoch, keys: [item.command.key], origins: [item.dot.origin],
            commandIDs: [item.command.id])
        let salts = salts.bytes(Fold.saltByteCount)
        let now = clock.now()
        return try await transact(&read, all: [item]) { snapshot in
            var fold = Fold(onto: snapshot, at: now, salts: salts)
            fold.retry(item.command, as: item.dot)
            return fold.decision
        }
    }

    /// Gives a letter back to those who decide.
    func giveBack(_ letter: DeadLetter, reason: String) async throws {
        try await persistently { () async throws(EventLogError) in
            try await store.returnDeadLetter(letter.command.id, in: partition, reason: reason)
        }
    }

    /// - Returns: how often the trial has begun.
    func begin(_ trial: Trial) async throws -> Int {
        try await persistently { () async throws(EventLogError) in try await trials.begin(trial, epoch: epoch) }
    }

    func end(_ trial: Trial) async throws {
        try await persistently { () async throws(EventLogError) in try await trials.end(trial) }
    }

    /// Runs the transaction until it is known to be committed.
    private func transact(
        _ read: inout BatchRead, all items: [Item],
        fold: @escaping @Sendable (PartitionSnapshot) -> BatchDecision
    ) async throws -> BatchWrite {
        try await persistently { () async throws(EventLogError) in
            do throws(EventLogError) {
                let write = try await store.transact(read, decide: fold)
                metrics.deadLettered.increment(by: write.deadLetters.count)
                return write
            } catch {
                switch error.code {
                case .outcomeUnknown, .duplicateCommand: read.commandIDs = Self.distinct(items)
                default: break
                }
                throw error
            }
        }
    }

    /// Tries again what may be tried again, for as long as it takes.
    private func persistently<Value>(_ work: () async throws(EventLogError) -> Value) async throws -> Value {
        var backoff = Duration.milliseconds(20)
        while true {
            do throws(EventLogError) {
                return try await work()
            } catch {
                switch error.code {
                case .fenced: throw Stopped(fenced: true)
                case .rejectedStatement, .misconfigured: throw error
                case .outcomeUnknown, .duplicateCommand, .unavailable, .overloaded, .contended: break
                }
                metrics.retries.increment()
                logger.warning(
                    "batch will be tried again",
                    metadata: [
                        "partition": "\(partition)", "error.code": "\(error.code.rawValue)",
                        "error": "\(error.message)",
                    ])
            }
            // The deliveries are held meanwhile: a message given back would come again behind the others.
            do {
                try await Task.sleep(for: backoff * Double.random(in: 0.5...1.5))
            } catch {
                throw Stopped(fenced: false)
            }
            backoff = min(backoff * 2, .seconds(2))
        }
    }

    private static func distinct(_ items: [Item]) -> [CommandID] {
        Array(Set(items.lazy.filter { $0.command.operation != .barrier }.map(\.command.id)))
    }
}
