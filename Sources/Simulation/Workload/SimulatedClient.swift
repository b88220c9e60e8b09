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

    let world: World
    let simulator: Simulator
    let history: History
    let process: SimulatedProcess
    let keys: [Key]
    let number: Int
    private let until: Nanoseconds
    /// The longest pause between two requests.
    private let longestPause: Nanoseconds
    var random: SplitMix64
    private(set) var isDone = false

    private(set) var token: String?
    /// Of each partition, the sequence that this session has seen or written.
    var seen: [Partition: UInt64] = [:]
    /// Of each partition, the sequence of what this session has written and is known to be applied.
    var written: [Partition: UInt64] = [:]
    /// Acknowledged, and not known to be applied.
    var pending: [Partition: [CommandID]] = [:]
    var versions: [Key: UInt64] = [:]
    var writes = 0

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
        case 0..<4: await put(key)
        case 4: await putSeveral()
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

    func path(_ key: Key) -> String { "/v1/kv/\(key)" }

    // MARK: - The way there and back

    func unexpected(_ request: ClientRequest, _ answer: ClientAnswer?) {
        history.violation(
            "answers make sense", "\(request.method) answered \(answer?.status ?? 0): \(answer?.body ?? "")")
    }

    /// - Returns: `nil` when the gateway died, or did not answer for long.
    func send(_ request: ClientRequest) async -> ClientAnswer? {
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
