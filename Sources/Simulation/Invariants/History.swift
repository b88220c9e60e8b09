import Commands
import EventLog
import Foundation

/// What happened, as the invariants judge it: what was acknowledged and refused, the order in the queues, every commit with its
/// time, and the states each key went through. It judges on the way, so that the trace ends where a promise broke.
///
/// `@unchecked Sendable`: the simulator runs everything on one thread.
final class History: @unchecked Sendable {
    /// What a key was from one sequence to its next.
    struct State {
        var sequence: UInt64
        /// `nil` when absent.
        var value: String?
        var expiresAt: Timestamp?
    }

    private struct Commit {
        var time: Nanoseconds
        var sequence: UInt64
    }

    /// How much older than its beginning what an eventual read shows may be.
    let stalenessBound: Nanoseconds
    let simulator: Simulator
    let partitioner: Partitioner
    private let longestSkew: Nanoseconds
    private(set) var violations: [Violation] = []

    private(set) var acknowledged: [CommandID: (dot: Dot, partition: Partition, time: Nanoseconds)] = [:]
    private var acknowledgedInOrder: [[(time: Nanoseconds, command: CommandID)]]
    /// How often a command was handed to a bus, and how often it was refused; a retry has the same id.
    private var submissions: [CommandID: Int] = [:]
    private var refusals: [CommandID: Int] = [:]
    private(set) var enqueueOrder: [[CommandID: Int]]
    private(set) var sequences: [CommandID: UInt64] = [:]
    private var commits: [[Commit]]
    private var states: [Key: [State]] = [:]
    private var values: Set<String> = []
    /// Answers that clients got; for the report.
    private(set) var answers = 0

    init(_ simulator: Simulator, partitioner: Partitioner, longestSkew: Nanoseconds, stalenessBound: Nanoseconds) {
        self.simulator = simulator
        self.stalenessBound = stalenessBound
        self.partitioner = partitioner
        self.longestSkew = longestSkew
        acknowledgedInOrder = Array(repeating: [], count: partitioner.count)
        enqueueOrder = Array(repeating: [:], count: partitioner.count)
        commits = Array(repeating: [], count: partitioner.count)
    }

    func violation(_ invariant: String, _ detail: String) {
        simulator.note("VIOLATION \(invariant): \(detail)")
        violations.append(Violation(invariant: invariant, detail: detail))
    }

    // MARK: - Writes

    func submitted(_ command: Command) { submissions[command.id, default: 0] += 1 }

    /// Commands that were refused each time.
    var refused: [CommandID] { refusals.filter { submissions[$0.key] == $0.value }.map(\.key) }

    /// What a gateway's bus told about a command.
    func answered(_ command: Command, _ answer: Result<Dot, BusError>) {
        if command.operation == .barrier { return }
        let partition = partitioner.partition(of: command.key)
        switch answer {
        case .success(let dot):
            guard acknowledged[command.id] == nil else { return }
            acknowledged[command.id] = (dot, partition, simulator.now)
            acknowledgedInOrder[partition.number].append((simulator.now, command.id))
        case .failure(let error):
            if !error.mayHaveBeenAccepted { refusals[command.id, default: 0] += 1 }
        }
    }

    /// A message is in the queue.
    func enqueued(_ body: Data, in partition: Partition) {
        guard case .success(let batch) = CommandBatch.decode(body) else {
            return violation("messages can be decoded", "in partition \(partition)")
        }
        for command in batch.commands where command.operation != .barrier {
            let next = enqueueOrder[partition.number].count
            if enqueueOrder[partition.number][command.id] == nil {
                enqueueOrder[partition.number][command.id] = next
            }
        }
    }

    func committed(_ write: BatchWrite, in partition: Partition, at time: Nanoseconds) {
        let before = commits[partition.number].last?.sequence ?? 0
        for (offset, event) in write.events.enumerated() {
            if event.sequence != before + UInt64(offset) + 1 {
                violation("events are dense", "partition \(partition): \(event.sequence) follows \(before)+\(offset)")
            }
            if sequences[event.commandID] != nil {
                violation("nothing is applied twice", "command \(event.commandID) as \(event.sequence)")
            }
            sequences[event.commandID] = event.sequence
            simulator.note(
                "commits \(partition)/\(event.sequence) \(event.kind) \(event.key) \(event.content.map(\.text) ?? "")")
            note(event)
        }
        commits[partition.number].append(Commit(time: time, sequence: write.sequence))
    }

    private func note(_ event: Event) {
        switch event.kind {
        case .rejected, .erased: break
        case .put:
            let value = event.content?.text ?? ""
            if !values.insert(value).inserted { violation("nothing is applied twice", "value \(value)") }
            states[event.key, default: []].append(
                State(sequence: event.sequence, value: value, expiresAt: event.expiresAt))
        case .deleted, .expired:
            states[event.key, default: []].append(State(sequence: event.sequence, value: nil))
        }
    }

    // MARK: - Reads

    /// The partition's sequence at a time.
    func sequence(of partition: Partition, at time: Nanoseconds) -> UInt64 {
        let commits = commits[partition.number]
        var (low, high) = (0, commits.count)
        while low < high {
            let middle = (low + high) / 2
            if commits[middle].time <= time { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? 0 : commits[low - 1].sequence
    }

    /// Judges an answer that a read got just now.
    ///
    /// - Parameters:
    ///   - value: `nil` for absence.
    ///   - bound: the sequence that the answer must be as new as, and the promise that says so.
    func judge(
        _ key: Key, shows value: String?, begun: Nanoseconds, bounds: [(sequence: UInt64, promise: String)]
    ) {
        answers += 1
        let newest = sequence(of: partitioner.partition(of: key), at: simulator.now)
        for (sequence, promise) in bounds
        where !isPossible(key, value, from: sequence, through: newest, begun: begun) {
            return violation(
                promise, "\(key) shows \(value ?? "nothing"), which it was not at \(sequence) to \(newest)")
        }
    }

    private func isPossible(
        _ key: Key, _ value: String?, from: UInt64, through: UInt64, begun: Nanoseconds
    ) -> Bool {
        let all = states[key] ?? []
        let first = all.lastIndex { $0.sequence <= from } ?? -1
        if first == -1 && value == nil { return true }
        let skew = Duration.nanoseconds(longestSkew + .milliseconds(50))
        let start = Timestamp(microseconds: begun / 1_000)
        return all[max(0, first)...].contains { state in
            guard state.sequence <= through else { return false }
            if let expiresAt = state.expiresAt {
                if value == nil { return expiresAt < simulator.timestamp + skew }
                if expiresAt + skew < start { return false }
            }
            return state.value == value
        }
    }

    /// The bound of everything acknowledged in the partition before `time`.
    ///
    /// - Returns: `nil` when something acknowledged is not applied yet.
    func acknowledgedSequence(in partition: Partition, before time: Nanoseconds) -> UInt64? {
        var bound: UInt64 = 0
        for (acknowledged, command) in acknowledgedInOrder[partition.number] where acknowledged < time {
            guard let sequence = sequences[command] else { return nil }
            bound = max(bound, sequence)
        }
        return bound
    }

    func states(of key: Key) -> [State] { states[key] ?? [] }
}

extension Content {
    /// Values of the simulation are texts.
    var text: String { String(decoding: value, as: UTF8.self) }
}
