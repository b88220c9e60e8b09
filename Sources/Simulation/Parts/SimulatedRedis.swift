import Cache
import NIOCore

/// One Redis server: the commands and scripts that Tidemark sends, expiry, and a log of effects that a replica follows some
/// time behind.
///
/// `@unchecked Sendable`: the simulator runs everything on one thread.
final class SimulatedRedis: @unchecked Sendable {
    enum Value: Equatable {
        case string([UInt8])
        case hash([String: String])
    }

    struct Slot {
        var value: Value
        var expiresAt: Nanoseconds?
    }

    /// What a command or script changed, all of it or nothing, as the replica gets it.
    typealias Effects = [(name: String, slot: Slot?)]

    let simulator: Simulator
    let without: Safeguard?
    private(set) var slots: [String: Slot]
    private var replica: [String: Slot]
    private var notReplicated: [(due: Nanoseconds, effects: Effects)] = []
    /// How long the replica is behind at most.
    private let longestLag: Nanoseconds
    private var effects: Effects = []

    init(_ simulator: Simulator, without: Safeguard?, slots: [String: Slot] = [:]) {
        self.simulator = simulator
        self.without = without
        self.slots = slots
        replica = slots
        longestLag = simulator.random.pick([.milliseconds(5), .milliseconds(300), .seconds(2)])
    }

    /// Runs one command.
    func execute(_ command: [[UInt8]]) -> RedisReply {
        let words = command.map { String(decoding: $0, as: UTF8.self) }
        let reply: RedisReply =
            switch words[0] {
            case "MGET": .array(words.dropFirst().map { text(get(String($0))) })
            case "HMGET": .array(words.dropFirst(2).map { field in text(hash(words[1])?[field]) })
            case "SET": setIfAbsent(words[1], command[2], milliseconds: Int64(words[6])!)
            case "EVALSHA": script(words, command)
            default: .error("ERR the simulation knows no \(words[0])")
            }
        replicate()
        return reply
    }

    /// `SET name value NX GET PX milliseconds`.
    private func setIfAbsent(_ name: String, _ value: [UInt8], milliseconds: Int64) -> RedisReply {
        if let held = get(name) { return text(held) }
        set(name, .string(value), milliseconds: milliseconds)
        return .null
    }

    // MARK: - Data

    func slot(_ name: String) -> Slot? {
        guard let slot = slots[name] else { return nil }
        if let expiresAt = slot.expiresAt, expiresAt <= simulator.now { return nil }
        return slot
    }

    func get(_ name: String) -> [UInt8]? {
        if case .string(let bytes) = slot(name)?.value { bytes } else { nil }
    }

    func hash(_ name: String) -> [String: String]? {
        if case .hash(let fields) = slot(name)?.value { fields } else { nil }
    }

    func set(_ name: String, _ value: Value, milliseconds: Int64? = nil) {
        change(name, Slot(value: value, expiresAt: milliseconds.map { simulator.now + $0 * 1_000_000 }))
    }

    func delete(_ name: String) { change(name, nil) }

    private func change(_ name: String, _ slot: Slot?) {
        slots[name] = slot
        effects.append((name, slot))
    }

    /// What was changed since the last call goes to the replica as one.
    func replicate() {
        if effects.isEmpty { return }
        let earliest = notReplicated.last?.due ?? 0
        let lag = simulator.random.skewed(.microseconds(100), longestLag)
        notReplicated.append((max(earliest, simulator.now + lag), effects))
        effects = []
        while let first = notReplicated.first, first.due <= simulator.now {
            for (name, slot) in first.effects { replica[name] = slot }
            notReplicated.removeFirst()
        }
    }

    // MARK: - Faults

    /// The replica becomes a master, with what it has.
    func promoteReplica() -> SimulatedRedis {
        for (due, effects) in notReplicated where due <= simulator.now {
            for (name, slot) in effects { replica[name] = slot }
        }
        return SimulatedRedis(simulator, without: without, slots: replica)
    }

    /// Evicts about this share of everything.
    func evict(_ share: Double) {
        for name in slots.keys.sorted() where simulator.random.chance(share) { delete(name) }
        replicate()
    }
}

func text(_ bytes: [UInt8]?) -> RedisReply { bytes.map { .string(ByteBuffer(bytes: $0)) } ?? .null }
func text(_ text: String?) -> RedisReply { text.map { .string(ByteBuffer(string: $0)) } ?? .null }
