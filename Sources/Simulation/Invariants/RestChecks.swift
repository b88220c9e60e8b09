import Commands
import Crypto
import EventLog
import Foundation

/// What must hold when the faults are over and everything has come to rest.
struct RestChecks {
    let world: World
    private var history: History { world.history }
    private var database: SimulatedDatabase { world.database }

    init(_ world: World) { self.world = world }

    func run() {
        acknowledgedIsApplied()
        for partition in world.cluster.partitioner.partitions {
            order(in: partition)
            trees(of: partition)
        }
        projectionIsReplay()
    }

    private func acknowledgedIsApplied() {
        for (command, _) in history.acknowledged.sorted(by: { $0.key.bytes.lexicographicallyPrecedes($1.key.bytes) })
        where history.sequences[command] == nil {
            history.violation("what is acknowledged is applied", "\(command) is not in the log")
        }
        for command in history.refused where history.sequences[command] != nil {
            history.violation("what is refused is not applied", "\(command) is in the log")
        }
    }

    /// The log has the commands in the order in which they first were in the queue, and those of one origin that were
    /// acknowledged in the order in which it took them.
    private func order(in partition: Partition) {
        let enqueued = history.enqueueOrder[partition.number]
        var last = -1
        var lastN: [Origin: UInt64] = [:]
        for event in database.rows[partition.number].events {
            if let position = enqueued[event.commandID] {
                if position < last {
                    history.violation(
                        "the log keeps the order of the queue", "\(partition)/\(event.sequence) \(event.commandID)")
                }
                last = position
            }
            if let dot = event.dot, history.acknowledged[event.commandID]?.dot == dot {
                if dot.n < lastN[dot.origin] ?? 0 {
                    history.violation(
                        "the queue keeps the order of the gateway",
                        "\(partition)/\(event.sequence) has n \(dot.n) after \(lastN[dot.origin]!)")
                }
                lastN[dot.origin] = dot.n
            }
        }
    }

    /// The tree's edge has the root that RFC 9162 §2.1.1 defines, and each leaf is its event's.
    private func trees(of partition: Partition) {
        let row = database.rows[partition.number]
        for event in row.events where event.computedLeafHash != event.leafHash {
            history.violation("leaves are their events'", "\(partition)/\(event.sequence)")
        }
        if row.tree.root != Self.root(row.events[...].map(\.leafHash)[...]) || row.tree.size != row.sequence {
            history.violation("merkle roots are equal", "partition \(partition) at \(row.sequence)")
        }
        world.simulator.trace.mix(row.tree.root.prefix(8).reduce(0) { $0 << 8 | UInt64($1) })
    }

    private static func root(_ leaves: ArraySlice<Data>) -> Data {
        guard let first = leaves.first else { return Data(SHA256.hash(data: Data())) }
        if leaves.count == 1 { return first }
        var half = 1
        while half * 2 < leaves.count { half *= 2 }
        let middle = leaves.startIndex + half
        return Data(SHA256.hash(data: Data([1]) + root(leaves[..<middle]) + root(leaves[middle...])))
    }

    private func projectionIsReplay() {
        var replayed: [Key: (version: UInt64, created: UInt64, value: Data?)] = [:]
        for row in database.rows {
            for event in row.events {
                let before = replayed[event.key]
                switch event.kind {
                case .rejected, .erased: continue
                case .put:
                    let created = before?.value == nil ? event.sequence : before!.created
                    replayed[event.key] = (event.sequence, created, event.content?.value)
                case .deleted, .expired:
                    replayed[event.key] = (event.sequence, before?.created ?? event.sequence, nil)
                }
            }
        }
        for key in Set(replayed.keys).union(database.values.keys).sorted() {
            let row = database.values[key]
            let expected = replayed[key]
            let equal =
                row?.state.version == expected?.version && row?.state.deleted == (expected.map { $0.value == nil })
                && (expected?.value == nil || row?.content.value == expected?.value)
                && row?.state.createdVersion == expected?.created
            if !equal { history.violation("the projection is the log replayed", "\(key)") }
        }
    }
}
