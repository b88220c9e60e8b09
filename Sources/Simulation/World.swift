import Cache
import Commands
import EventLog
import Foundation
import Logging

/// One simulated cluster with everything that it runs on.
///
/// `@unchecked Sendable`: the simulator runs everything on one thread.
final class World: @unchecked Sendable {
    static let gatewayCount = 2
    static let projectorCount = 2

    let simulator: Simulator
    let history: History
    let without: Safeguard?
    let cluster: ClusterDescription
    let broker: SimulatedBroker
    let database: SimulatedDatabase
    let redisConfiguration: RedisConfiguration
    let logger: Logger
    /// Of a gateway, for each partition; more than the default of one makes retransmissions interesting.
    let messagesInFlight: Int
    /// How far a process's clock may be off.
    let longestSkew: Nanoseconds
    var rates = FaultRates()
    /// The master, as Sentinel sees it.
    private(set) var redis: SimulatedRedis
    private(set) var gateways: [GatewayProcess] = []
    private(set) var projectors: [ProjectorProcess] = []
    private var runs = 0

    init(_ simulator: Simulator, without: Safeguard?, faults: Set<Fault>) {
        self.simulator = simulator
        self.without = without
        let partitioner = Partitioner(count: 1 + simulator.random.below(3))
        cluster = ClusterDescription(
            id: UUID(uuidString: "7d444840-9dc0-11d1-b245-5ffdce74fad2")!, partitioner: partitioner,
            secret: Data(repeating: 7, count: ClusterDescription.secretByteCount))
        longestSkew = faults.contains(.clockSkew) ? .milliseconds(1_500) : 0
        history = History(
            simulator, partitioner: partitioner, longestSkew: longestSkew, stalenessBound: Self.stalenessBound(faults))
        broker = SimulatedBroker(simulator, partitions: partitioner, without: without, history: history)
        database = SimulatedDatabase(
            simulator, partitions: partitioner.count, without: without, history: history)
        redis = SimulatedRedis(simulator, without: without)
        redisConfiguration = RedisConfiguration()
        messagesInFlight = simulator.random.pick([1, 1, 3])
        logger = Logger(label: "simulation") { _ in
            if simulator.trace.keepsLines { return TraceLogHandler(simulator) }
            return SwiftLogNoOpLogHandler()
        }
        for _ in 0..<Self.gatewayCount { startGateway() }
        for _ in 0..<Self.projectorCount { startProjector() }
    }

    /// A heartbeat lives for three seconds after the last renewal, and an owner that does not hear from Redis waits for a second before
    /// it stops; a renewal may be under way for a while. A read that others joined may have begun before they came.
    private static func stalenessBound(_ faults: Set<Fault>) -> Nanoseconds {
        var bound: Nanoseconds = .seconds(6)
        if faults.contains(.lateRedis) { bound += .seconds(2) }
        if faults.contains(.slowReads) { bound += .seconds(8) }
        if faults.contains(.gatewayPause) { bound += .seconds(12) }
        return bound
    }

    private func process(_ role: String) -> SimulatedProcess {
        runs += 1
        let skew = longestSkew == 0 ? 0 : simulator.random.between(-longestSkew, longestSkew)
        return simulator.process("\(role)-\(runs)", clockSkew: skew)
    }

    private func startGateway() { gateways.append(GatewayProcess(self, process("gateway"))) }
    private func startProjector() { projectors.append(ProjectorProcess(self, process("projector"))) }

    // MARK: - Processes

    func kill(_ gateway: GatewayProcess) {
        simulator.note("\(gateway.process.name) dies")
        gateway.process.kill()
        simulator.keep(gateway)
        gateways.removeAll { $0 === gateway }
        simulator.after(simulator.random.between(.milliseconds(50), .seconds(4))) { self.startGateway() }
    }

    func kill(_ projector: ProjectorProcess) {
        simulator.note("\(projector.process.name) dies")
        projector.process.kill()
        simulator.keep(projector)
        projectors.removeAll { $0 === projector }
        simulator.after(simulator.random.between(.milliseconds(50), .seconds(4))) { self.startProjector() }
    }

    func pause(_ process: SimulatedProcess, for duration: Nanoseconds) {
        guard !process.isPaused else { return }
        simulator.note("\(process.name) pauses for \(duration / 1_000_000) ms")
        process.pause()
        simulator.after(duration) { [simulator] in
            simulator.note("\(process.name) wakes")
            simulator.wake(process)
        }
    }

    /// A projector dies at a certain moment, with this probability.
    func dies(_ process: SimulatedProcess, at probability: Double, _ moment: String) -> Bool {
        guard simulator.chance(probability), let projector = projectors.first(where: { $0.process === process })
        else { return false }
        simulator.note("\(process.name) is struck \(moment)")
        kill(projector)
        return true
    }

    func deliver(_ outcomes: [Outcome], to origin: Origin) {
        guard let gateway = gateways.first(where: { $0.bus.origin == origin }) else { return }
        simulator.after(0, as: gateway.process) { gateway.deliver(outcomes) }
    }

    // MARK: - Redis

    /// A replica becomes the master; everyone follows in his own time, or is cut off from the old one at once.
    func failOverRedis() {
        simulator.note("redis fails over")
        let old = redis
        redis = old.promoteReplica()
        let dead = simulator.chance(0.5)
        for client in redisClients where client.server === old { follow(client, dead: dead) }
    }

    /// It comes back with nothing.
    func emptyRedis() {
        simulator.note("redis is empty")
        redis = SimulatedRedis(simulator, without: without)
        for client in redisClients { follow(client, dead: true) }
    }

    private func follow(_ client: RedisClient, dead: Bool) {
        let delay = simulator.random.skewed(.milliseconds(10), .seconds(6))
        if dead { client.unreachableUntil = simulator.now + delay }
        simulator.after(delay) { [self] in client.server = redis }
    }

    private var redisClients: [RedisClient] { gateways.map(\.redis) + projectors.map(\.redis) }

    // MARK: - The end

    /// Everything works again from here on.
    func heal() {
        simulator.note("all faults end")
        rates = FaultRates()
        broker.limit = 100_000
        broker.missing = []
        for client in redisClients {
            client.server = redis
            client.unreachableUntil = 0
        }
        for projector in projectors {
            projector.database.unreachableUntil = 0
            projector.leases.unreachableUntil = 0
        }
        for gateway in gateways { gateway.log.unreachableUntil = 0 }
    }

    /// Everything enqueued is applied and acknowledged, nothing is on its way, and Redis follows.
    var restlessness: String? {
        if gateways.count != Self.gatewayCount || projectors.count != Self.projectorCount { return "starting" }
        if !broker.isEmpty { return "queues hold messages" }
        if let gateway = gateways.first(where: { !$0.bus.isIdle }) { return "\(gateway.process.name) has commands" }
        for partition in cluster.partitioner.partitions {
            let name = "\(redisConfiguration.namespace):vv:\(partition)"
            let sequence = database.rows[partition.number].sequence
            guard let follows = redis.hash(name)?["s"], UInt64(follows) == sequence else {
                return "redis does not follow partition \(partition)"
            }
        }
        return nil
    }
}
