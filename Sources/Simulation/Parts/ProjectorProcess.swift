import Cache
import Commands
import EventLog
import Foundation
import Logging
import Projector

/// One run of one projector: the real worker over simulated connections.
///
/// `@unchecked Sendable`: the simulator runs everything on one thread.
final class ProjectorProcess: @unchecked Sendable {
    let process: SimulatedProcess
    let source: SimulatedSource
    let redis: RedisClient
    /// Batches and questions; leases have a connection of their own.
    let database: DatabaseClient
    let leases: DatabaseClient
    private let worker: ProjectorWorker

    init(_ world: World, _ process: SimulatedProcess) {
        self.process = process
        source = SimulatedSource(world, process)
        redis = RedisClient(world, process)
        database = DatabaseClient(world, process)
        leases = DatabaseClient(world, process)
        let clock = SimulatedClock(world.simulator, of: process)
        let cache = RedisCache(
            world.redisConfiguration, partitioner: world.cluster.partitioner, clock: clock, connection: redis)
        var configuration = ProjectorConfiguration(name: process.name)
        configuration.batchCommands = 16
        worker = ProjectorWorker(
            ProjectorParts(
                source: source, store: database, trials: database, leases: leases, cache: cache, cluster: world.cluster,
                configuration: configuration, clock: clock, salts: world.simulator.salts, logger: world.logger),
            worker: WorkerID(world.simulator.uuid()))
        world.simulator.start(as: process) { [worker] in try? await worker.run() }
    }
}
