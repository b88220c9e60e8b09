import Cache

/// A process's connection to Redis, in the place of `RedisLane`: to whichever server it takes for the master.
///
/// `@unchecked Sendable`: the simulator runs everything on one thread.
final class RedisClient: RedisConnection, @unchecked Sendable {
    private static let timeout: Nanoseconds = .seconds(1)

    private let world: World
    private let simulator: Simulator
    private let process: SimulatedProcess
    private let outbound: OrderedChannel
    private let inbound: OrderedChannel
    /// Taken for the master by this process.
    var server: SimulatedRedis
    var unreachableUntil: Nanoseconds = 0

    init(_ world: World, _ process: SimulatedProcess) {
        self.world = world
        simulator = world.simulator
        self.process = process
        server = world.redis
        outbound = OrderedChannel(world.simulator, fastest: .microseconds(20), slowest: .milliseconds(2))
        inbound = OrderedChannel(world.simulator, fastest: .microseconds(20), slowest: .milliseconds(2))
    }

    var isConnected: Bool { simulator.now >= unreachableUntil }

    func waitUntilConnected(timeout: Duration) async -> Bool { isConnected }

    func close() async {}

    func send(_ command: RESPCommand, commands: Int) async throws(CacheError) -> RedisReply {
        let parsed = RESPParser.commands(in: command.bytes)
        precondition(parsed.count == commands, "so many commands as were said")
        let unreachable = !isConnected
        // Timed out here, and carried out there nevertheless, at some time.
        let late = simulator.chance(world.rates.lateRedis)
        // Resumed once, or never when the process dies: then nothing of it may run.
        let reply: RedisReply? = await withUnsafeContinuation { continuation in
            if unreachable {
                inbound.send(as: process) { continuation.resume(returning: nil) }
            } else if late {
                let server = server
                simulator.after(simulator.random.between(0, .seconds(2))) { [self] in _ = run(parsed, on: server) }
                simulator.after(Self.timeout, as: process) { continuation.resume(returning: nil) }
            } else {
                exchange(parsed, continuation)
            }
        }
        guard let reply else { throw CacheError(.unavailable, "The cache can't be reached.") }
        return reply
    }

    private func exchange(_ commands: [[[UInt8]]], _ continuation: UnsafeContinuation<RedisReply?, Never>) {
        let delay = simulator.chance(world.rates.slowRedis) ? simulator.random.between(0, .milliseconds(900)) : 0
        outbound.send(delay: delay) { [self] in
            let reply = run(commands, on: server)
            if isInvalidation(commands),
                world.dies(process, at: world.rates.deathAfterInvalidation, "after the invalidation")
            {
                return
            }
            inbound.send(as: process) { continuation.resume(returning: reply) }
        }
    }

    private func run(_ commands: [[[UInt8]]], on server: SimulatedRedis) -> RedisReply {
        let replies = commands.map(server.execute)
        return replies.count == 1 ? replies[0] : .array(replies)
    }

    private func isInvalidation(_ commands: [[[UInt8]]]) -> Bool {
        commands.first.map { $0.count > 1 && $0[1] == Array(Scripts.advance.digest.utf8) } ?? false
    }
}

/// RESP arrays of bulk strings.
enum RESPParser {
    static func commands(in bytes: [UInt8]) -> [[[UInt8]]] {
        var position = 0
        func number() -> Int {
            position += 1
            var value = 0
            while bytes[position] != 13 {
                value = value * 10 + Int(bytes[position] - UInt8(ascii: "0"))
                position += 1
            }
            position += 2
            return value
        }
        var commands: [[[UInt8]]] = []
        while position < bytes.count {
            commands.append(
                (0..<number()).map { _ in
                    let length = number()
                    defer { position += length + 2 }
                    return Array(bytes[position..<position + length])
                })
        }
        return commands
    }
}
