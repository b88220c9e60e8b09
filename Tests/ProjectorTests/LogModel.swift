import Commands
import EventLog
import Foundation
import Projector

/// A partition's log and projection as plain values: what the database does with a `BatchWrite`.
struct LogModel {
    let partition = Partition(3)
    var events: [Event] = []
    var keys: [Key: StoredValue] = [:]
    var applied: [Origin: UInt64] = [:]
    var tree = MerkleFrontier()
    var lastAppliedAt = Timestamp(microseconds: 0)
    var dead: [DeadLetter] = []
    var erasures: [ErasedVersions] = []
    /// Whether commands wait behind the letters of their key.
    var holds = false
    /// The outcomes of the last batch, and what it had to look up.
    var outcomes: [Outcome] = []
    var lookUps = 0

    func snapshot(lookingUp ids: Set<CommandID>) -> PartitionSnapshot {
        var recorded: [CommandID: RecordedCommand] = [:]
        for event in events where ids.contains(event.commandID) {
            recorded[event.commandID] = RecordedCommand(
                outcome: event.outcome, fingerprint: event.fingerprint, dot: event.dot)
        }
        for letter in dead where ids.contains(letter.command.id) {
            let outcome = Outcome(
                command: letter.command.id, partition: partition, sequence: UInt64(events.count),
                result: .dead(reason: letter.reason))
            recorded[letter.command.id] = RecordedCommand(
                outcome: outcome, fingerprint: letter.command.fingerprint, dot: letter.dot)
        }
        return PartitionSnapshot(
            partition: partition, sequence: UInt64(events.count), tree: tree, lastAppliedAt: lastAppliedAt,
            applied: applied, keys: keys.mapValues(\.state), recorded: recorded, lookedUp: ids,
            quarantined: holds ? Set(dead.map(\.command.key)) : [])
    }

    /// Folds and applies a batch, looking up what the fold asks for.
    ///
    /// - Parameter lookedUp: what is looked up before.
    mutating func run(
        at time: Timestamp = at(0), lookingUp lookedUp: Set<CommandID> = [], _ body: (inout Fold) -> Void
    ) {
        var ids = lookedUp
        lookUps = 0
        while true {
            var fold = Fold(onto: snapshot(lookingUp: ids), at: time, salts: Data(repeating: 7, count: 16 * 4_096))
            body(&fold)
            switch fold.decision {
            case .lookUp(let more):
                precondition(!ids.isSuperset(of: more), "asked for what it has")
                ids.formUnion(more)
                lookUps += 1
            case .write(let write): return apply(write)
            }
        }
    }

    mutating func run(_ items: [(Command, Dot)], at time: Timestamp = at(0)) {
        run(at: time) { fold in for (command, dot) in items { fold.apply(command, as: dot) } }
    }

    private mutating func apply(_ write: BatchWrite) {
        events += write.events
        for (key, value) in write.projection { keys[key] = value }
        erasures += write.erasures
        for erased in write.erasures {
            for index in events.indices
            where events[index].key == erased.key && (erased.first...erased.last).contains(events[index].sequence) {
                events[index].content = nil
                events[index].salt = nil
            }
        }
        applied.merge(write.applied) { max($0, $1) }
        tree = write.tree
        lastAppliedAt = write.lastAppliedAt
        dead += write.deadLetters
        dead.removeAll { write.revived.contains($0.command.id) }
        outcomes = write.outcomes
    }
}

let origin = Origin(0xfeed)
let gatewayIDs = CommandIDIssuer(secret: Data(repeating: 1, count: 32))

func at(_ seconds: Int64) -> Timestamp { Timestamp(microseconds: 1_700_000_000_000_000 + seconds * 1_000_000) }

func key(_ text: String) -> Key { Key(trusted: text) }

func put(
    _ name: String, _ value: String, if precondition: Precondition = .none, ttl: Int64? = nil,
    idempotencyKey: String? = nil
) -> Command {
    make(.put(Content(value: Data(value.utf8), type: "text/plain")), name, precondition, ttl, idempotencyKey)
}

func delete(_ name: String, if precondition: Precondition = .none) -> Command {
    make(.delete, name, precondition, nil, nil)
}

func erase(_ name: String, _ erasure: Erasure) -> Command { make(.erase(erasure), name, .none, nil, nil) }

private func make(
    _ operation: Command.Operation, _ name: String, _ precondition: Precondition, _ ttl: Int64?,
    _ idempotencyKey: String?
) -> Command {
    let timeToLive = ttl.map { Duration.seconds($0) }
    return Command(
        id: idempotencyKey.map { gatewayIDs.derived(principal: "p", key: key(name), idempotencyKey: $0) }
            ?? gatewayIDs.next(at: at(0)),
        operation: operation, key: key(name), precondition: precondition, timeToLive: timeToLive, principal: "p",
        issuedAt: at(0),
        fingerprint: idempotencyKey.map { _ in
            Fingerprint(of: operation, precondition: precondition, timeToLive: timeToLive)
        },
        wantsOutcome: true)
}

/// Dots of one origin from `n` on.
func dotted(_ commands: [Command], from n: UInt64 = 1) -> [(Command, Dot)] {
    commands.enumerated().map { ($1, Dot(origin: origin, n: n + UInt64($0))) }
}
