package import Commands
import Crypto
package import EventLog
package import Foundation

/// Commands and the state before them become events and the state after: the decisions of the whole store, without I/O.
///
/// Same input, same output, to the byte: time and salts are given, so that a batch which is tried again after a
/// serialization failure writes exactly what it would have written the first time.
package struct Fold {
    private let snapshot: PartitionSnapshot
    private let now: Timestamp
    private var salts: Data

    private var sequence: UInt64
    private var tree: MerkleFrontier
    private var events: [Event] = []
    private var touched: [Key: StoredValue] = [:]
    private var touchOrder: [Key] = []
    private var applied: [Origin: UInt64] = [:]
    private var deadLetters: [DeadLetter] = []
    private var revived: [CommandID] = []
    private var erasures: [ErasedVersions] = []
    private var outcomes: [Outcome] = []
    private var recordedHere: [CommandID: RecordedCommand] = [:]
    private var toLookUp: [CommandID] = []

    /// - Parameters:
    ///   - time: of the caller's clock; a partition's time never goes back.
    ///   - salts: at least `saltByteCount` random bytes for each `put`.
    package init(onto snapshot: PartitionSnapshot, at time: Timestamp, salts: Data) {
        self.snapshot = snapshot
        self.salts = salts
        now = max(time, snapshot.lastAppliedAt)
        sequence = snapshot.sequence
        tree = snapshot.tree
    }

    package static let saltByteCount = 16
    /// The principal of events that the partition's owner makes itself.
    package static let ownPrincipal = "tidemark"

    /// What to write; or what else must be looked up first, in which case nothing else of this fold may be used.
    package var decision: BatchDecision {
        if !toLookUp.isEmpty { return .lookUp(toLookUp) }
        return .write(
            BatchWrite(
                events: events, projection: touchOrder.map { ($0, touched[$0]!) }, deadLetters: deadLetters,
                revived: revived, erasures: erasures, applied: applied, sequence: sequence, tree: tree,
                lastAppliedAt: deadLetters.last?.diedAt ?? (events.isEmpty ? snapshot.lastAppliedAt : now),
                outcomes: outcomes))
    }

    /// Applies the next command, unless it has ended already. Adds exactly one outcome.
    package mutating func apply(_ command: Command, as dot: Dot) {
        if case .barrier = command.operation {
            return settle(command, dot, .init(command, snapshot.partition, sequence, .barrier))
        }
        guard let recorded = recordedHere[command.id] ?? snapshot.recorded[command.id] else {
            guard !mayHaveEnded(command, dot) || snapshot.lookedUp.contains(command.id) else {
                return lookUp(command.id)
            }
            // An erasure waits for nobody: the letters of its key are what it destroys, too.
            guard command.operation.isErasure || !snapshot.quarantined.contains(command.key) else {
                return setAside(command, as: dot, reason: DeadLetter.heldBehind)
            }
            let event = judge(command, dot)
            return settle(command, dot, event.outcome)
        }
        if let mine = command.fingerprint, let first = recorded.fingerprint, mine != first {
            return refuseReuse(command, dot)
        }
        settle(command, dot, recorded.outcome)
    }

    /// Sets a command aside that fails by itself every time, or that waits behind one of its key. In a partition no two die at the
    /// same time, so the letters keep their order.
    package mutating func setAside(_ command: Command, as dot: Dot, reason: String) {
        if let recorded = snapshot.recorded[command.id] { return settle(command, dot, recorded.outcome) }
        deadLetters.append(
            DeadLetter(
                command: command, partition: snapshot.partition, dot: dot, reason: reason,
                diedAt: (deadLetters.last?.diedAt ?? now) + .microseconds(1)))
        let outcome = Outcome(command, snapshot.partition, sequence, .dead(reason: reason))
        recordedHere[command.id] = RecordedCommand(
            outcome: outcome, fingerprint: command.fingerprint, dot: dot)
        settle(command, dot, outcome)
    }

    /// Applies a command that was set aside, under its own id and dot. The letter goes in the transaction that writes the
    /// event: once, however often it is tried. One that became an event meanwhile stays as it is.
    package mutating func retry(_ command: Command, as dot: Dot) {
        guard let recorded = snapshot.recorded[command.id] else { return }
        guard case .dead = recorded.outcome.result else {
            return settle(command, dot, recorded.outcome)
        }
        if case .barrier = command.operation {
            revived.append(command.id)
            return settle(command, dot, .init(command, snapshot.partition, sequence, .barrier))
        }
        let event = judge(command, dot)
        revived.append(command.id)
        settle(command, dot, event.outcome)
    }

    /// Writes the `expired` event of a value whose time has come.
    package mutating func expire(_ key: Key) {
        guard let state = state(of: key), state.awaitsExpiry(at: now), let expiresAt = state.expiresAt else { return }
        append(
            Event(
                partition: snapshot.partition, sequence: sequence + 1, kind: .expired, key: key,
                previousVersion: state.version, principal: Self.ownPrincipal,
                commandID: .named("expired", key.text, String(state.version)), issuedAt: expiresAt, appliedAt: now))
    }

    // MARK: - One command

    /// Whether the log may have the command already: it comes under a dot that the vector covers, or the client may have sent
    /// it before under another dot.
    private func mayHaveEnded(_ command: Command, _ dot: Dot) -> Bool {
        command.fingerprint != nil || dot.n <= (snapshot.applied[dot.origin] ?? 0)
    }

    private mutating func judge(_ command: Command, _ dot: Dot) -> Event {
        expire(command.key)
        let state = state(of: command.key)
        let current = state.flatMap { $0.isLive(at: now) ? $0 : nil }
        var event = Event(
            partition: snapshot.partition, sequence: sequence + 1, kind: .rejected, key: command.key,
            previousVersion: current?.version, principal: command.principal, commandID: command.id,
            fingerprint: command.fingerprint, dot: dot, traceparent: command.traceparent,
            issuedAt: command.issuedAt, appliedAt: now)
        guard command.precondition.holds(version: current?.version) else {
            event.reason = Event.Reason.preconditionFailed
            return append(event)
        }
        switch command.operation {
        case .put(let content):
            let salt = takeSalt()
            event.kind = .put
            event.content = content
            event.contentType = content.type
            event.size = content.value.count
            event.salt = salt
            event.commitment = Event.commitment(salt: salt, value: content.value)
            event.expiresAt = command.expiresAt
        case .delete:
            event.kind = .deleted
        case .erase(let erasure):
            return erase(erasure, command, current: current, record: event)
        case .barrier:
            preconditionFailure("a barrier is no event")
        }
        return append(event)
    }

    /// A current value goes first, as a deleted one does; then follows the record, which is no version of the key.
    private mutating func erase(
        _ erasure: Erasure, _ command: Command, current: KeyState?, record: Event
    ) -> Event {
        var record = record
        if let current, erasure.covers(current.version) {
            append(
                Event(
                    partition: snapshot.partition, sequence: sequence + 1, kind: .deleted, key: command.key,
                    previousVersion: current.version, principal: command.principal,
                    commandID: .named("erased", command.id.description), traceparent: command.traceparent,
                    issuedAt: command.issuedAt, appliedAt: now))
            record.previousVersion = nil
        }
        record.kind = .erased
        record.sequence = sequence + 1
        record.reason = erasure.record
        let appended = append(record)
        erasures.append(
            ErasedVersions(
                key: command.key, first: erasure.first, last: min(erasure.last ?? sequence, sequence),
                deadLettersThrough: erasure.last == nil ? deadLetters.last?.diedAt ?? now : nil))
        return appended
    }

    /// Another request had this `Idempotency-Key` first. The refusal gets an id of its own, made of both, so that it too is
    /// recorded once.
    private mutating func refuseReuse(_ command: Command, _ dot: Dot) {
        let id = CommandID.named(
            "idempotency-key-reused", command.id.description, command.fingerprint!.bytes.base64EncodedString())
        if recordedHere[id] ?? snapshot.recorded[id] == nil {
            guard snapshot.lookedUp.contains(id) else { return lookUp(id) }
            let state = state(of: command.key)
            append(
                Event(
                    partition: snapshot.partition, sequence: sequence + 1, kind: .rejected, key: command.key,
                    previousVersion: state.flatMap { $0.isLive(at: now) ? $0.version : nil },
                    reason: Event.Reason.idempotencyKeyReused, principal: command.principal, commandID: id,
                    fingerprint: command.fingerprint, dot: dot, traceparent: command.traceparent,
                    issuedAt: command.issuedAt, appliedAt: now))
        }
        settle(command, dot, .init(command, snapshot.partition, sequence, .rejected(.idempotencyKeyReused)))
    }

    // MARK: - State

    private func state(of key: Key) -> KeyState? { touched[key]?.state ?? snapshot.keys[key] }

    @discardableResult
    private mutating func append(_ event: Event) -> Event {
        var event = event
        event.leafHash = event.computedLeafHash
        if let value = StoredValue(after: event, before: state(of: event.key)) {
            if touched.updateValue(value, forKey: event.key) == nil { touchOrder.append(event.key) }
        }
        sequence = event.sequence
        tree.append(leafHash: event.leafHash)
        events.append(event)
        recordedHere[event.commandID] = RecordedCommand(
            outcome: event.outcome, fingerprint: event.fingerprint, dot: event.dot)
        return event
    }

    private mutating func settle(_ command: Command, _ dot: Dot, _ outcome: Outcome) {
        outcomes.append(outcome)
        if dot.n > max(applied[dot.origin] ?? 0, snapshot.applied[dot.origin] ?? 0) { applied[dot.origin] = dot.n }
    }

    private mutating func lookUp(_ id: CommandID) { toLookUp.append(id) }

    private mutating func takeSalt() -> Data {
        precondition(salts.count >= Self.saltByteCount, "a salt for each put")
        defer { salts = salts.dropFirst(Self.saltByteCount) }
        return Data(salts.prefix(Self.saltByteCount))
    }
}

extension Outcome {
    fileprivate init(_ command: Command, _ partition: Partition, _ sequence: UInt64, _ result: Result) {
        self.init(command: command.id, partition: partition, sequence: sequence, result: result)
    }
}

extension CommandID {
    /// The id of what the owner does by itself, the same each time: a UUIDv8 of SHA-256 over the parts.
    fileprivate static func named(_ parts: String...) -> CommandID {
        var hash = SHA256()
        for part in parts {
            withUnsafeBytes(of: UInt64(part.utf8.count).littleEndian) { hash.update(bufferPointer: $0) }
            hash.update(data: Data(part.utf8))
        }
        let id = CommandID(bytes: Data(hash.finalize().prefix(16)))!
        return CommandID(
            high: id.high & ~0xf000 | 0x8000, low: id.low & 0x3fff_ffff_ffff_ffff | 0x8000_0000_0000_0000)
    }
}
