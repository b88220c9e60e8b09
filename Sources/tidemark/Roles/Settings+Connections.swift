import Cache
import Commands
import EventLog
import Foundation

/// The settings as the libraries take them.
extension Settings {
    func postgres(application: String) -> PostgresConfiguration {
        PostgresConfiguration(
            connectionString: string(.databaseURL), password: optional(.databasePassword), applicationName: application)
    }

    func rabbitMQ() throws -> RabbitMQConfiguration {
        do {
            var configuration = try RabbitMQConfiguration(urls: string(.amqpURL))
            configuration.namespace = string(.namespace)
            if let password = optional(.amqpPassword) {
                for index in configuration.endpoints.indices { configuration.endpoints[index].password = password }
            }
            return configuration
        } catch let error as RabbitMQError {
            throw Invalid(description: "amqp.url: \(error.message)")
        }
    }

    /// The cluster's id is part of the keys: a cluster created anew never reads what an old one left in Redis.
    func redis(_ cluster: ClusterDescription) throws -> RedisConfiguration {
        do {
            var configuration = RedisConfiguration(url: try RedisURL(string(.redisURL)))
            if let password = optional(.redisPassword) { configuration.url.password = password }
            configuration.namespace = "\(string(.namespace)):\(String(cluster.tag, radix: 36))"
            return configuration
        } catch {
            throw Invalid(description: "redis.url: \(error)")
        }
    }

    /// Brings the schema up to date and creates the cluster if there is none.
    func migrate(
        application: String, partitions: Int? = nil, usualPartitions: Int = 16,
        progress: @escaping @Sendable (String) -> Void
    ) async throws -> ClusterDescription {
        try await Migrator.migrate(
            postgres(application: application),
            partitions: partitions
                ?? (try optional(.partitions).map { _ in try integer(.partitions, in: Partitioner.allowedCounts) }),
            usualPartitions: usualPartitions, progress: progress)
    }
}
