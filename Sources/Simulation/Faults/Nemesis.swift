import Commands
import EventLog

/// Makes the faults happen that a seed has chosen, each at random moments, until it is told to stop.
///
/// `@unchecked Sendable`: the simulator runs everything on one thread.
final class Nemesis: @unchecked Sendable {
    private let world: World
    private let simulator: Simulator
    private let faults: Set<Fault>
    private let until: Nanoseconds

    init(_ world: World, faults: Set<Fault>, until: Nanoseconds) {
        self.world = world
        self.faults = faults
        self.until = until
        simulator = world.simulator
        setRates()
        for fault in Fault.allCases where faults.contains(fault) { schedule(fault) }
    }

    private func setRates() {
        func rate(_ fault: Fault, _ choices: [Double]) -> Double {
            faults.contains(fault) ? simulator.random.pick(choices) : 0
        }
        world.rates.contention = rate(.contention, [0.05, 0.3])
        world.rates.ambiguousCommit = rate(.ambiguousCommit, [0.02, 0.1])
        world.rates.databaseRequestLost = rate(.databaseLoss, [0.01, 0.05])
        world.rates.databaseAnswerLost = rate(.databaseLoss, [0.01, 0.05])
        world.rates.slowDatabaseReads = rate(.slowReads, [0.05, 0.3])
        world.rates.slowRedis = rate(.slowRedis, [0.02, 0.1])
        world.rates.lateRedis = rate(.lateRedis, [0.01, 0.03])
        world.rates.lostOutcomes = rate(.lostOutcomes, [0.1, 0.5])
        world.rates.deathAfterCommit = rate(.deathAfterCommit, [0.005, 0.02])
        world.rates.deathAfterInvalidation = rate(.deathAfterInvalidation, [0.005, 0.02])
    }

    private func schedule(_ fault: Fault) {
        simulator.after(simulator.random.skewed(.milliseconds(200), .seconds(12))) { [self] in
            guard simulator.now < until else { return }
            strike(fault)
            schedule(fault)
        }
    }

    private func strike(_ fault: Fault) {
        switch fault {
        case .publisherConnectionLoss: loseConnection(of: gateway)
        case .sourceConnectionLoss:
            projector?.source.disconnect(
                brokerNoticesAfter: time(0, .seconds(3)), noticedAfter: time(0, .seconds(3)),
                backAfter: time(0, .seconds(2)))
        case .brokerFailover:
            simulator.note("the broker's leader changes")
            world.broker.changeLeader()
            // With the node goes what it had read: its channels would have sent again what the old leader lost.
            for gateway in world.gateways { loseConnection(of: gateway, mayDeliverLate: false) }
        case .brokerBlocked: gateway?.bus.block(for: time(.milliseconds(100), .seconds(5)))
        case .fullQueues:
            world.broker.limit = simulator.random.below(3)
            simulator.after(time(.milliseconds(200), .seconds(4))) { [world] in world.broker.limit = 100_000 }
        case .missingQueue:
            let partition = simulator.random.pick(world.cluster.partitioner.partitions)
            world.broker.missing.insert(partition)
            simulator.after(time(.milliseconds(100), .seconds(2))) { [world] in
                world.broker.missing.remove(partition)
            }
        case .projectorPause: pause(projector?.process)
        case .zombie:
            guard let projector else { return }
            pause(projector.process)
            projector.source.disconnect(
                brokerNoticesAfter: time(0, .seconds(1)), noticedAfter: time(0, .seconds(8)), backAfter: 0)
        case .projectorDeath: if let projector { world.kill(projector) }
        case .gatewayDeath: if let gateway { world.kill(gateway) }
        case .gatewayPause: pause(gateway?.process)
        case .lostOutcomes: gateway?.interruptOutcomes(for: time(.milliseconds(100), .seconds(4)))
        case .databaseOutage: databaseOutage()
        case .redisFailover: world.failOverRedis()
        case .redisEviction: world.redis.evict(simulator.random.pick([0.1, 0.5, 1]))
        case .redisEmpty: world.emptyRedis()
        case .redisGatewaysOnly:
            let end = simulator.now + simulator.random.between(.milliseconds(500), .seconds(15))
            for projector in world.projectors { projector.redis.unreachableUntil = end }
        case .redisOutage:
            let end = simulator.now + time(.milliseconds(500), .seconds(8))
            for gateway in world.gateways { gateway.redis.unreachableUntil = end }
            for projector in world.projectors { projector.redis.unreachableUntil = end }
        case .deathAfterCommit, .deathAfterInvalidation, .contention, .ambiguousCommit, .databaseLoss, .slowRedis,
            .lateRedis, .slowReads, .clockSkew:
            break  // happen by their rates
        }
    }

    private func databaseOutage() {
        let end = simulator.now + simulator.random.between(.milliseconds(200), .seconds(12))
        simulator.note("database out of reach")
        switch simulator.random.below(3) {
        case 0: gateway?.log.unreachableUntil = end
        case 1: projector?.database.unreachableUntil = end
        default:
            guard let projector else { return }
            projector.database.unreachableUntil = end
            projector.leases.unreachableUntil = end
        }
    }

    private func loseConnection(of gateway: GatewayProcess?, mayDeliverLate: Bool = true) {
        gateway?.bus.disconnect(
            noticedAfter: time(0, .milliseconds(500)), backAfter: time(0, .seconds(4)),
            deliversLate: mayDeliverLate && simulator.chance(0.3))
    }

    private func pause(_ process: SimulatedProcess?) {
        if let process { world.pause(process, for: time(.milliseconds(100), .seconds(12))) }
    }

    private func time(_ shortest: Nanoseconds, _ longest: Nanoseconds) -> Nanoseconds {
        simulator.random.skewed(shortest, longest)
    }

    private var gateway: GatewayProcess? {
        world.gateways.isEmpty ? nil : simulator.random.pick(world.gateways)
    }

    private var projector: ProjectorProcess? {
        world.projectors.isEmpty ? nil : simulator.random.pick(world.projectors)
    }
}
