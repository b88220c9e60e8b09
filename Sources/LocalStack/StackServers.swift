package import Foundation

/// The servers of one stack, in the stages in which they start, and where they are.
package struct StackServers: Sendable {
    package let stages: [[any Server]]
    package let endpoints: LocalStack.Endpoints
    /// What has to go on while they run; until its task is cancelled.
    package private(set) var watch: @Sendable () async -> Void = {}

    /// One of each.
    package static func single(directory: URL, cacheBytes: Int) throws -> StackServers {
        try refuse(directory, holding: "rabbitmq-1", made: "with --ha")
        let database = try DatabaseServers.preferred(directory: directory)
        let rabbit = try RabbitMQServer(directory: directory.appendingPathComponent("rabbitmq"))
        var cache = RedisServer.Options()
        cache.maximumMemoryBytes = cacheBytes
        let redis = try RedisServer(directory: directory.appendingPathComponent("redis"), options: cache)
        return StackServers(
            stages: [[database, rabbit, redis]],
            endpoints: LocalStack.Endpoints(
                database: database.connectionString, commandBus: rabbit.url, cache: redis.url))
    }

    /// Each so often that one may die.
    package static func redundant(
        directory: URL, cacheBytes: Int, report: @escaping @Sendable (String) -> Void
    ) async throws -> StackServers {
        try refuse(directory, holding: "rabbitmq", made: "without --ha")
        let database = try await PostgresPair.make(directory: directory, report: report)
        let databases = await database.servers
        let rabbits = try RabbitMQCluster(directory: directory, count: 3)
        let redis = try RedisPair(directory: directory, cacheBytes: cacheBytes)
        return StackServers(
            stages: [[rabbits.portMapper], databases + rabbits.nodes + (try redis.servers()), try redis.sentinels()],
            endpoints: LocalStack.Endpoints(
                database: PostgresPair.connectionString(databases), commandBus: rabbits.url, cache: redis.url),
            watch: { await database.watch() })
    }

    private static func refuse(_ directory: URL, holding name: String, made how: String) throws {
        guard FileManager.default.fileExists(atPath: directory.appendingPathComponent(name).path) else { return }
        throw StartFailure(
            name: directory.path, reason: "holds the data of a stack that was started \(how)",
            advice: "Start it \(how) again, choose another data directory, or pass --fresh to delete what is there.")
    }
}
