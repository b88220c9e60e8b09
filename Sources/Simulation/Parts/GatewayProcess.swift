import Cache
import Commands
import EventLog
import Gateway
import Logging
import Prometheus

/// One run of one gateway: the real service and HTTP layer over simulated connections.
///
/// `@unchecked Sendable`: the simulator runs everything on one thread.
final class GatewayProcess: @unchecked Sendable {
    let process: SimulatedProcess
    let bus: SimulatedPublisher
    let redis: RedisClient
    let log: DatabaseClient
    let responder: GatewayResponder
    private let outcomes = OutcomeRegistry()
    private let simulator: Simulator
    /// Out of the projectors' reach: outcomes get lost before this.
    private var outcomesLostUntil: Nanoseconds = 0

    init(_ world: World, _ process: SimulatedProcess) {
        self.process = process
        simulator = world.simulator
        var limits = PublisherLimits()
        limits.messagesInFlight = world.messagesInFlight
        limits.batchCommands = 3
        bus = SimulatedPublisher(world, process, origin: .random(), limits: limits)
        redis = RedisClient(world, process)
        log = DatabaseClient(world, process)
        let clock = SimulatedClock(world.simulator, of: process)
        let cache = RedisCache(
            world.redisConfiguration, partitioner: world.cluster.partitioner, clock: clock, connection: redis)
        let service = GatewayService(
            cluster: world.cluster, bus: bus, cache: cache, log: log, outcomes: outcomes,
            registry: PrometheusRegistry(processMetrics: false), clock: clock)
        responder = GatewayResponder(useCases: service)
    }

    func deliver(_ results: [Outcome]) {
        if simulator.now >= outcomesLostUntil { outcomes.resolve(results) }
    }

    /// The connection that outcomes come on breaks. When it is back, the log is asked, as the gateway's wiring has it.
    func interruptOutcomes(for duration: Nanoseconds) {
        outcomesLostUntil = simulator.now + duration
        simulator.after(duration, as: process) { [self] in
            Task { await outcomes.recover(from: log) }
        }
    }
}
