package import Commands
package import Logging
import NIOCore

/// The cache in Redis, over one connection. Gateways use it as `ReadCache`, projectors as `CacheProjection`.
package final class RedisCache: Sendable {
    let lane: any RedisConnection
    let names: CacheNames
    let configuration: RedisConfiguration
    let clock: any WallClock
    let metrics = CacheMetrics()
    /// By partition number.
    let partitions: [PartitionLookup]

    /// Starts the connection's thread and returns at once; until the connection stands, calls fail with `unavailable`.
    ///
    /// Make it after the metrics system has been set up.
    package convenience init(
        _ configuration: RedisConfiguration, partitioner: Partitioner, clock: any WallClock = SystemWallClock(),
        logger: Logger
    ) {
        self.init(configuration, partitioner: partitioner, clock: clock) { metrics in
            Self.lane(configuration, metrics, logger)
        }
    }

    /// Over a connection of the caller's.
    package convenience init(
        _ configuration: RedisConfiguration, partitioner: Partitioner, clock: any WallClock,
        connection: any RedisConnection
    ) {
        self.init(configuration, partitioner: partitioner, clock: clock) { _ in connection }
    }

    private init(
        _ configuration: RedisConfiguration, partitioner: Partitioner, clock: any WallClock,
        connect: (CacheMetrics) -> any RedisConnection
    ) {
        self.configuration = configuration
        self.clock = clock
        let names = CacheNames(namespace: configuration.namespace)
        self.names = names
        partitions = partitioner.partitions.map { PartitionLookup($0, names: names) }
        lane = connect(metrics)
    }

    private static func lane(
        _ configuration: RedisConfiguration, _ metrics: CacheMetrics, _ logger: Logger
    ) -> RedisLane {
        let preamble = Scripts.all.map { script in
            var load = RESPCommand("SCRIPT", arguments: 3, capacity: script.text.utf8.count + 64)
            load.add("LOAD")
            load.add(script.text)
            return load
        }
        return RedisLane(configuration, preamble: preamble, metrics: metrics, logger: logger)
    }

    /// Whether Redis is connected; for readiness.
    package var isConnected: Bool { lane.isConnected }

    /// Waits for the first connection.
    ///
    /// - Returns: whether it stands. `false` is no reason not to start: the cache is never the truth.
    @discardableResult
    package func waitUntilConnected(timeout: Duration = .seconds(2)) async -> Bool {
        await lane.waitUntilConnected(timeout: timeout)
    }

    /// Answers what is waiting, closes the connection and ends the thread.
    package func close() async { await lane.close() }

    /// Runs a script by its digest, or by its text when Redis has forgotten it.
    func run(
        _ script: RedisScript, keys: [String], arguments: [[UInt8]]
    ) async throws(CacheError) -> RedisReply {
        let reply = try await lane.send(call("EVALSHA", script.digest, keys: keys, arguments: arguments))
        guard reply.errorCode == "NOSCRIPT" else { return reply }
        return try await lane.send(call("EVAL", script.text, keys: keys, arguments: arguments))
    }

    private func call(
        _ name: StaticString, _ script: String, keys: [String], arguments: [[UInt8]]
    ) -> RESPCommand {
        let size = keys.reduce(0) { $0 + $1.utf8.count + 16 } + arguments.reduce(0) { $0 + $1.count + 16 }
        var command = RESPCommand(
            name, arguments: 3 + keys.count + arguments.count, capacity: script.utf8.count + size + 64)
        command.add(script)
        command.add(keys.count)
        for key in keys { command.add(key) }
        for argument in arguments { command.add(argument) }
        return command
    }
}
