import Commands
import EventLog
import Foundation

/// The database's tables, and what its transactions may do to them. Every call is one step, so everything is serializable; a
/// partition's row is locked across the two round trips of a batch.
///
/// `@unchecked Sendable`: the simulator runs everything on one thread.
final class SimulatedDatabase: @unchecked Sendable {
    struct PartitionRow {
        var sequence: UInt64 = 0
        var epoch: UInt64 = 0
        var tree = MerkleFrontier()
        var lastAppliedAt = Timestamp(microseconds: 0)
        var applied: [Origin: UInt64] = [:]
        var lastHeard: [Origin: Timestamp] = [:]
        var events: [Event] = []
    }

    /// A transaction that holds a partition's row, or waits for it.
    ///
    /// `@unchecked Sendable`: the simulator runs everything on one thread.
    final class Transaction: @unchecked Sendable {
        let partition: Partition
        fileprivate(set) var isOpen = true
        fileprivate var activity = 0
        fileprivate var whenLocked: (() -> Void)?

        init(_ partition: Partition) { self.partition = partition }
    }

    enum CommitResult {
        case done, duplicateCommand, terminated
    }

    /// `idle_in_transaction_session_timeout`.
    private static let idleTimeout: Nanoseconds = .seconds(5)

    private let simulator: Simulator
    private let history: History
    let without: Safeguard?
    private(set) var rows: [PartitionRow]
    private(set) var values: [Key: StoredValue] = [:]
    private var recorded: [CommandID: (key: Key, partition: Partition, record: RecordedCommand)] = [:]
    private var trials: [Trial: Int] = [:]
    private var locks: [[Transaction]]
    var leases: SimulatedLeases

    init(_ simulator: Simulator, partitions: Int, without: Safeguard?, history: History) {
        self.simulator = simulator
        self.history = history
        self.without = without
        rows = Array(repeating: PartitionRow(), count: partitions)
        locks = Array(repeating: [], count: partitions)
        leases = SimulatedLeases(partitions: partitions)
    }

    // MARK: - Locks

    /// `SELECT … FOR UPDATE`: calls `body` when the row is free.
    func lock(_ transaction: Transaction, _ body: @escaping () -> Void) {
        guard transaction.isOpen else { return }
        transaction.whenLocked = body
        locks[transaction.partition.number].append(transaction)
        if locks[transaction.partition.number].count == 1 { grant(transaction.partition) }
    }

    /// Ends the transaction, whatever came of it.
    func end(_ transaction: Transaction) {
        guard transaction.isOpen else { return }
        transaction.isOpen = false
        let number = transaction.partition.number
        guard let index = locks[number].firstIndex(where: { $0 === transaction }) else { return }
        locks[number].remove(at: index)
        if index == 0 { grant(transaction.partition) }
    }

    private func grant(_ partition: Partition) {
        guard let next = locks[partition.number].first, let body = next.whenLocked else { return }
        next.whenLocked = nil
        body()
    }

    /// The session is busy with the transaction until now; then it may stay idle so long.
    func touch(_ transaction: Transaction) {
        transaction.activity += 1
        let activity = transaction.activity
        simulator.after(Self.idleTimeout) { [self] in
            if transaction.activity == activity { end(transaction) }
        }
    }

    // MARK: - A batch's transaction

    /// - Returns: the partition's epoch beside the snapshot.
    func snapshot(_ read: BatchRead) -> (epoch: UInt64, snapshot: PartitionSnapshot) {
        let row = rows[read.partition.number]
        var snapshot = PartitionSnapshot(
            partition: read.partition, sequence: row.sequence, tree: row.tree, lastAppliedAt: row.lastAppliedAt,
            applied: row.applied.filter { read.origins.contains($0.key) }, keys: [:], recorded: [:], lookedUp: [])
        for key in read.keys { snapshot.keys[key] = values[key]?.state }
        lookUp(read.commandIDs, &snapshot)
        return (without == .epochFence ? read.epoch : row.epoch, snapshot)
    }

    func lookUp(_ commands: [CommandID], _ snapshot: inout PartitionSnapshot) {
        snapshot.lookedUp.formUnion(commands)
        for (id, record) in self.commands(commands, in: snapshot.partition) { snapshot.recorded[id] = record }
    }

    func commit(_ write: BatchWrite, _ transaction: Transaction) -> CommitResult {
        guard transaction.isOpen else { return .terminated }
        defer { end(transaction) }
        let number = transaction.partition.number
        if without != .exactCommandCheck, write.events.contains(where: { recorded[$0.commandID] != nil }) {
            return .duplicateCommand
        }
        for event in write.events {
            let record = RecordedCommand(
                outcome: event.outcome, fingerprint: event.fingerprint, dot: event.dot)
            recorded[event.commandID] = (event.key, transaction.partition, record)
        }
        for letter in write.deadLetters { history.violation("dead letter", "\(letter.command.id): \(letter.reason)") }
        for (key, value) in write.projection where values[key].map({ $0.state.version < value.state.version }) ?? true {
            values[key] = value
        }
        rows[number].events += write.events
        rows[number].sequence = write.sequence
        rows[number].tree = write.tree
        rows[number].lastAppliedAt = write.lastAppliedAt
        rows[number].applied.merge(write.applied) { max($0, $1) }
        for origin in write.applied.keys { rows[number].lastHeard[origin] = write.lastAppliedAt }
        history.committed(write, in: transaction.partition, at: simulator.now)
        return .done
    }

    func forgetOrigins(in partition: Partition, silentSince time: Timestamp, limit: Int) -> [Origin] {
        let silent = rows[partition.number].lastHeard.filter { $0.value < time }.keys.sorted().prefix(limit)
        for origin in silent {
            rows[partition.number].applied[origin] = nil
            rows[partition.number].lastHeard[origin] = nil
        }
        return Array(silent)
    }

    // MARK: - Trials

    /// - Returns: `nil` when the epoch is over.
    func begin(_ trial: Trial, epoch: UInt64) -> Int? {
        guard rows[trial.partition.number].epoch == epoch else { return nil }
        trials[trial, default: 0] += 1
        return trials[trial]
    }

    func end(_ trial: Trial) { trials[trial] = nil }

    // MARK: - Reads

    func vector(of partition: Partition) -> VersionVector {
        VersionVector(sequence: rows[partition.number].sequence, applied: rows[partition.number].applied)
    }

    func commands(_ ids: [CommandID], in partition: Partition) -> [CommandID: RecordedCommand] {
        if without == .exactCommandCheck { return [:] }
        var found: [CommandID: RecordedCommand] = [:]
        for id in ids {
            if let entry = recorded[id], entry.partition == partition { found[id] = entry.record }
        }
        return found
    }

    func command(_ id: CommandID) -> (key: Key, record: RecordedCommand)? {
        recorded[id].map { ($0.key, $0.record) }
    }

    func keysChanged(in partition: Partition, after: UInt64, through: UInt64) -> [Key] {
        if without == .repairFromLog { return [] }
        let events = rows[partition.number].events
            .filter { $0.sequence > after && $0.sequence <= through && $0.kind.changesState }
        return Set(events.map(\.key)).sorted()
    }

    func keysAwaitingExpiry(in partition: Partition, of partitioner: Partitioner, at time: Timestamp) -> [Key] {
        values.filter { partitioner.partition(of: $0.key) == partition && $0.value.state.awaitsExpiry(at: time) }
            .keys.sorted()
    }

    // MARK: - Leases

    /// Raises the epoch in the lease and in the partition's row, which it has locked.
    func raiseEpoch(_ partition: Partition, to epoch: UInt64) { rows[partition.number].epoch = epoch }
}
