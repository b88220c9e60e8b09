import Commands
import Foundation
import Gateway
import HTTPTypes

/// A client with one session: it writes and reads a few keys through whichever gateway takes its request, echoes the last token it
/// got, and holds the store to what it was promised.
///
/// `@unchecked Sendable`: the simulator runs everything on one thread.
final class SimulatedClient: @unchecked Sendable {
    private static let patience: Nanoseconds = .seconds(20)

    private let world: World
    private let simulator: Simulator
    private let history: History
    private let process: SimulatedProcess
    private let keys: [Key]
    private let number: Int
    private let until: Nanoseconds
    /// The longest pause between two requests.
    private let longestPause: Nanoseconds
    private var random: SplitMix64
    private(set) var isDone = false

    private var token: String?
    /// Of each partition, the sequence that this session has seen or written.
    private var seen: [Partition: UInt64] = [:]
    /// Acknowledged, and not known to be applied.
    private var pending: [(CommandID, Partition)] = []
    private var versions: [Key: UInt64] = [:]
    private var writes = 0

    init(_ world: World, number: Int, keys: [Key], until: Nanoseconds) {
        self.world = world
        self.number = number
        self.keys = keys
        self.until = until
        simulator = world.simulator
        history = world.history
        random = simulator.random.split()
        process = simulator.process("client-\(number)")
        longestPause = random.pick([.milliseconds(20), .milliseconds(200), .seconds(1)])
        simulator.start(as: process) { await self.run() }
    }

    private func run() async {
        while simulator.now < until {
            await act()
            try? await Task.sleep(for: .nanoseconds(random.skewed(0, longestPause)))
        }
        isDone = true
    }

    private func act() async {
        let key = random.pick(keys)
        switch random.below(20) {
        case 0..<5: await put(key)
        case 5..<7: await put(key, wait: true)
        case 7: await put(key, idempotent: true)
        case 8: await put(key, timeToLive: 1 + random.below(4))
        case 9: await write(key, ClientRequest(method: .delete, path: path(key)), wait: random.chance(0.5))
        case 10: await putConditionally(key)
        case 11..<16: await read(key, .session)
        case 16..<18: await read(key, .eventual)
        case 18: await read(key, .applied)
        default: await read(key, .linearizable)
        }
    }

    private func path(_ key: Key) -> String { "/v1/kv/\(key)" }

    // MARK: - Writes

    private func nextValue() -> String {
        writes += 1
        return "\(number).\(writes)"
    }

    private func put(_ key: Key, wait: Bool = false, idempotent: Bool = false, timeToLive: Int? = nil) async {
        var request = ClientRequest(method: .put, path: path(key), body: nextValue())
        if let timeToLive { request.fields.append(("Tidemark-TTL", String(timeToLive))) }
        if idempotent { request.fields.append(("Idempotency-Key", "i\(number).\(writes)")) }
        await write(key, request, wait: wait, attempts: idempotent ? 4 : 1)
    }

    private func putConditionally(_ key: Key) async {
        var request = ClientRequest(method: .put, path: path(key), body: nextValue())
        if let version = versions[key] {
            request.fields.append(("If-Match", "\"\(version)\""))
        } else {
            request.fields.append(("If-None-Match", "*"))
        }
        await write(key, request, wait: true)
    }

    private func write(_ key: Key, _ request: ClientRequest, wait: Bool, attempts: Int = 1) async {
        var request = request
        if wait { request.fields.append(("Prefer", "wait=3")) }
        let partition = history.partitioner.partition(of: key)
        for _ in 0..<attempts {
            let answer = await send(request)
            switch answer?.status {
            case 202:
                guard let id = answer?.location.flatMap({ CommandID($0) }) else {
                    return history.violation("answers make sense", "202 without Location")
                }
                pending.append((id, partition))
                return
            case 200, 201:
                guard let version = answer?.version else {
                    return history.violation("answers make sense", "a write was applied at no version")
                }
                if history.states(of: key).last(where: { $0.sequence == version })?.value != request.body {
                    history.violation(
                        "what is said to be applied is applied", "\(key) \(request.body) at \(version)")
                }
                saw(version, in: partition)
                versions[key] = version
                return
            case 204:
                if let version = answer?.version { saw(version, in: partition) }
                versions[key] = nil
                return
            case 412: return
            case 503, nil: break
            default: return unexpected(request, answer)
            }
        }
    }

    // MARK: - Reads

    private func read(_ key: Key, _ consistency: Consistency) async {
        let begun = simulator.now
        let partition = history.partitioner.partition(of: key)
        var request = ClientRequest(
            method: .get, path: path(key), fields: [("Tidemark-Consistency", consistency.rawValue)])
        if random.chance(0.6) { request.fields.append(("Prefer", "wait=4")) }
        let pending = pending.filter { $0.1 == partition }
        let answer = await send(request)
        let value: String?
        switch answer?.status {
        case 200: value = answer?.body
        case 404: value = nil
        case 503, nil:
            if answer?.body.contains("ahead of everything") == true {
                history.violation("session tokens are never ahead of the log", "\(key)")
            }
            return
        default: return unexpected(request, answer)
        }
        simulator.note("\(consistency) \(key) = \(value ?? "nothing") \(answer?["Cache-Status"] ?? "")")
        history.judge(
            key, shows: value, begun: begun, bounds: bounds(consistency, partition, begun: begun, pending))
        if let version = answer?.version {
            saw(version, in: partition)
            versions[key] = version
        } else {
            versions[key] = nil
        }
    }

    /// What the answer must be as new as.
    private func bounds(
        _ consistency: Consistency, _ partition: Partition, begun: Nanoseconds, _ pending: [(CommandID, Partition)]
    ) -> [(sequence: UInt64, promise: String)] {
        var bounds = [
            (history.sequence(of: partition, at: begun - History.stalenessBound), "staleness within its bound")
        ]
        switch consistency {
        case .eventual: break
        case .session:
            bounds.append((seen[partition] ?? 0, "monotonic reads"))
            for (command, _) in pending {
                bounds.append((history.sequences[command] ?? .max, "read your writes"))
            }
        case .applied: bounds.append((history.sequence(of: partition, at: begun), "applied reads are current"))
        case .linearizable:
            bounds.append((history.sequence(of: partition, at: begun), "linearizable reads are linearizable"))
            bounds.append(
                (
                    history.acknowledgedSequence(in: partition, before: begun) ?? .max,
                    "linearizable reads are linearizable"
                ))
        }
        return bounds
    }

    private func saw(_ sequence: UInt64, in partition: Partition) {
        seen[partition] = max(seen[partition] ?? 0, sequence)
    }

    // MARK: - The way there and back

    private func unexpected(_ request: ClientRequest, _ answer: ClientAnswer?) {
        history.violation(
            "answers make sense", "\(request.method) answered \(answer?.status ?? 0): \(answer?.body ?? "")")
    }

    /// - Returns: `nil` when the gateway died, or did not answer for long.
    private func send(_ request: ClientRequest) async -> ClientAnswer? {
        guard !world.gateways.isEmpty else { return nil }
        let gateway = random.pick(world.gateways)
        var request = request
        if let token { request.fields.append(("Tidemark-Session", token)) }
        let answer: ClientAnswer? = await withCheckedContinuation { continuation in
            let waiting = Waiting(continuation)
            gateway.process.whenDead { [simulator, process] in
                simulator.after(.milliseconds(1), as: process) { waiting.end(nil) }
            }
            simulator.after(Self.patience, as: process) { waiting.end(nil) }
            simulator.after(random.skewed(.microseconds(100), .milliseconds(5))) { [simulator, process, request] in
                simulator.start(as: gateway.process) {
                    let answer = await gateway.respond(to: request)
                    simulator.after(.microseconds(200), as: process) { waiting.end(answer) }
                }
            }
        }
        if let next = answer?["Tidemark-Session"] { token = next }
        return answer
    }

    /// `@unchecked Sendable`: the simulator runs everything on one thread.
    private final class Waiting: @unchecked Sendable {
        private var continuation: CheckedContinuation<ClientAnswer?, Never>?

        init(_ continuation: CheckedContinuation<ClientAnswer?, Never>) { self.continuation = continuation }

        func end(_ answer: ClientAnswer?) {
            continuation?.resume(returning: answer)
            continuation = nil
        }
    }
}
