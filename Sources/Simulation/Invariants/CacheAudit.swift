import Cache
import Commands
import EventLog
import Foundation
import NIOCore

/// Reads every key through the real cache code, once everything is at rest: what Redis shows must be what the projection holds.
///
/// `@unchecked Sendable`: the simulator runs everything on one thread.
final class CacheAudit: @unchecked Sendable {
    private let world: World
    private(set) var isDone = false

    init(_ world: World) { self.world = world }

    func start(_ keys: [Key]) {
        let process = world.simulator.process("audit")
        let cache = RedisCache(
            world.redisConfiguration, partitioner: world.cluster.partitioner,
            clock: SimulatedClock(world.simulator, of: process), connection: RedisClient(world, process))
        world.simulator.start(as: process) { [self] in
            for key in keys {
                let partition = world.cluster.partitioner.partition(of: key)
                guard case .hit(let entry)? = try? await cache.lookUp(key, in: partition) else { continue }
                let row = world.database.values[key]
                let isSame =
                    entry.state.version == row?.state.version ?? 0
                    && (entry.state.deleted || Data(entry.value.readableBytesView) == row?.content.value)
                if !isSame {
                    world.history.violation(
                        "the cache is part of the projection", "\(key) has version \(entry.state.version)")
                }
            }
            isDone = true
        }
    }
}
