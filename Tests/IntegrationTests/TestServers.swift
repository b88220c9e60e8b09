import Foundation
import LocalStack
import Testing

/// The private servers that the suite's tests share, each under names of its own. They start when the first test asks, and
/// end with the test process.
enum TestServers {
    /// `TIDEMARK_TEST_DIRECTORY` if set: whoever set it reads the statement log there afterwards.
    static let directory: URL = {
        let parent =
            ProcessInfo.processInfo.environment["TIDEMARK_TEST_DIRECTORY"].map { URL(fileURLWithPath: $0) }
            ?? FileManager.default.temporaryDirectory
        let directory = parent.appendingPathComponent("tidemark-\(UUID().uuidString.prefix(8))")
        try? FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        return directory
    }()

    /// Logs every statement.
    static let postgres = Task {
        var options = PostgresServer.Options()
        options.durable = false
        options.logStatements = true
        return try await PostgresServer.start(directory: directory.appendingPathComponent("postgres"), options: options)
    }

    static let rabbitMQ = Task {
        try await RabbitMQServer.start(directory: directory.appendingPathComponent("rabbitmq"))
    }

    static let redis = Task { try await RedisServer.start(directory: directory.appendingPathComponent("redis")) }
}
