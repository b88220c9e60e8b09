import Commands
import Foundation

/// Rows of the statements in `Statements` become the model's values. Column numbers follow the SELECT lists there.
extension PostgresResult {
    /// `lock_partition`; `nil` for what stands beside the snapshot when the partition has no row.
    func partition(_ partition: Partition) -> (standing: PartitionStanding?, snapshot: PartitionSnapshot) {
        var snapshot = PartitionSnapshot(
            partition: partition, sequence: 0, tree: MerkleFrontier(), lastAppliedAt: Timestamp(microseconds: 0),
            applied: [:], keys: [:], recorded: [:], lookedUp: [])
        guard rowCount == 1 else { return (nil, snapshot) }
        snapshot.sequence = unsigned(0, 0)
        guard let tree = MerkleFrontier(size: snapshot.sequence, encoded: data(0, 2)) else {
            preconditionFailure("the tree of partition \(partition) does not fit its sequence")
        }
        snapshot.tree = tree
        snapshot.lastAppliedAt = timestamp(0, 3)
        return (
            PartitionStanding(epoch: unsigned(0, 1), generation: int8(0, 4), isMirrored: bool(0, 5)), snapshot
        )
    }

    /// `key_states`, and the sequence and generation they stand at; `nil` when the partition has no row.
    func keyStates() -> (sequence: UInt64?, generation: Int64?, states: [Key: KeyState]) {
        var states: [Key: KeyState] = Dictionary(minimumCapacity: rowCount)
        for row in 0..<rowCount where !isNull(row, 2) { states[key(row, 2)] = keyState(row, from: 3) }
        return rowCount == 0 ? (nil, nil, states) : (unsigned(0, 0), int8(0, 1), states)
    }

    /// Version, created version, deleted, expiry.
    func keyState(_ row: Int, from column: Int) -> KeyState {
        KeyState(
            version: unsigned(row, column), createdVersion: unsigned(row, column + 1), deleted: bool(row, column + 2),
            expiresAt: optionalTimestamp(row, column + 3))
    }

    /// A key's state, value, content type and time of change.
    func storedValue(_ row: Int, from column: Int) -> StoredValue {
        StoredValue(
            state: keyState(row, from: column),
            content: Content(value: data(row, column + 4), type: text(row, column + 5)),
            modifiedAt: timestamp(row, column + 6))
    }

    /// Origin and n.
    func applied(from column: Int) -> [Origin: UInt64] {
        var applied: [Origin: UInt64] = [:]
        for row in 0..<rowCount where !isNull(row, column) {
            applied[Origin(bitPattern: int8(row, column))] = unsigned(row, column + 1)
        }
        return applied
    }

    /// The partition's sequence in each row, then origin and n; `nil` without a row.
    func vector() -> VersionVector? {
        rowCount == 0 ? nil : VersionVector(sequence: unsigned(0, 0), applied: applied(from: 1))
    }

    /// `recorded_commands`.
    func recordedCommands() -> [(key: Key, record: RecordedCommand)] {
        (0..<rowCount).map { row in
            let event = Event(
                partition: Partition(Int(int8(row, 0))), sequence: unsigned(row, 3), kind: kind(row, 4),
                key: key(row, 2), previousVersion: optionalUnsigned(row, 5), reason: optionalText(row, 6),
                principal: "", commandID: commandID(row, 1), issuedAt: Timestamp(microseconds: 0),
                appliedAt: Timestamp(microseconds: 0))
            return (
                event.key,
                RecordedCommand(outcome: event.outcome, fingerprint: fingerprint(row, 7), dot: dot(row, 8))
            )
        }
    }

    /// `dead_commands`.
    func deadCommands() -> [(key: Key, record: RecordedCommand)] {
        (0..<rowCount).map { row in
            let outcome = Outcome(
                command: commandID(row, 1), partition: Partition(Int(int8(row, 0))), sequence: unsigned(row, 3),
                result: .dead(reason: text(row, 4)))
            return (
                key(row, 2), RecordedCommand(outcome: outcome, fingerprint: fingerprint(row, 5), dot: dot(row, 6))
            )
        }
    }

    /// `history` and its like.
    func events(in partition: Partition) -> [Event] {
        (0..<rowCount).map { row in
            let contentType = optionalText(row, 7)
            return Event(
                partition: partition, sequence: unsigned(row, 0), kind: kind(row, 1), key: key(row, 2),
                content: optionalData(row, 3).map { Content(value: $0, type: contentType ?? Content.defaultType) },
                size: optionalUnsigned(row, 6).map { Int($0) }, salt: optionalData(row, 4),
                commitment: optionalData(row, 5), contentType: contentType, expiresAt: optionalTimestamp(row, 8),
                previousVersion: optionalUnsigned(row, 9), reason: optionalText(row, 10), principal: text(row, 11),
                commandID: commandID(row, 12), fingerprint: fingerprint(row, 13), dot: dot(row, 14),
                traceparent: optionalText(row, 16), issuedAt: timestamp(row, 17), appliedAt: timestamp(row, 18),
                leafHash: data(row, 19))
        }
    }

    /// `list_keys`.
    func listedValues() -> [ListedValue] {
        (0..<rowCount).map { row in
            ListedValue(key: key(row, 0), size: Int(int8(row, 1)), value: storedValue(row, from: 2))
        }
    }

    func keys() -> [Key] { (0..<rowCount).map { key($0, 0) } }

    // MARK: - Fields

    /// As `bury_commands` wrote it.
    func command(_ row: Int, _ column: Int) -> Command {
        switch Command.decode(data(row, column)) {
        case .success(let command): return command
        case .failure(let error):
            preconditionFailure("a dead letter holds a command that this version can't read: \(error.message)")
        }
    }

    private func kind(_ row: Int, _ column: Int) -> Event.Kind {
        guard let kind = Event.Kind(rawValue: text(row, column)) else {
            preconditionFailure("the log holds a kind of event that this version doesn't know: \(text(row, column))")
        }
        return kind
    }

    private func fingerprint(_ row: Int, _ column: Int) -> Fingerprint? {
        optionalData(row, column).flatMap { Fingerprint(bytes: $0) }
    }

    func dot(_ row: Int, _ column: Int) -> Dot? {
        isNull(row, column) ? nil : Dot(origin: Origin(bitPattern: int8(row, column)), n: unsigned(row, column + 1))
    }

    func optionalText(_ row: Int, _ column: Int) -> String? { isNull(row, column) ? nil : text(row, column) }
    private func optionalData(_ row: Int, _ column: Int) -> Data? { isNull(row, column) ? nil : data(row, column) }

    private func optionalUnsigned(_ row: Int, _ column: Int) -> UInt64? {
        isNull(row, column) ? nil : unsigned(row, column)
    }

    func optionalTimestamp(_ row: Int, _ column: Int) -> Timestamp? {
        isNull(row, column) ? nil : timestamp(row, column)
    }
}

/// What the partition's row says beside the log's position.
struct PartitionStanding: Sendable {
    var epoch: UInt64
    /// Of the projection that is served.
    var generation: Int64
    /// Whether the generation before is written too.
    var isMirrored: Bool

    /// Where the projection is written.
    var tables: [ProjectionTable] {
        let served = ProjectionTable(ofGeneration: generation)
        return isMirrored ? [served, served.other] : [served]
    }
}
