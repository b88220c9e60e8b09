import ArgumentParser
import CRabbitMQ

/// What a synchronous write can't do without: a confirm of the broker, then a commit of the database.
struct ConfirmCommit: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "confirm-commit", abstract: "Time one publisher confirm and one SQL commit, one after the other.")

    @Option(help: "libpq connection string; a table is made there.")
    var databaseURL: String

    @Option(name: .customLong("amqp-url"), help: "amqp://user:password@host:port/; a quorum queue is made there.")
    var amqpURL: String

    @Option(help: "How many times.")
    var rounds = 1_000

    func run() throws {
        let session = try PostgresSession(databaseURL)
        try session.run("SET client_min_messages = warning")
        try session.run("CREATE TABLE IF NOT EXISTS bare_commits (id BIGSERIAL PRIMARY KEY, value BYTEA NOT NULL)")
        try session.prepare("insert", "INSERT INTO bare_commits (value) VALUES ($1)")
        let publisher = try BarePublisher(amqpURL, queue: "bench.bare")
        let value = Load.value(0)

        // The first ones set connections and plans up.
        for _ in 0..<50 {
            try publisher.publish(value)
            try session.run("insert", [value])
        }
        var confirms: [Double] = []
        var sums: [Double] = []
        for _ in 0..<rounds {
            let began = ContinuousClock.now
            try publisher.publish(value)
            let confirmed = ContinuousClock.now
            try session.run("insert", [value])
            let committed = ContinuousClock.now
            confirms.append((confirmed - began) / .milliseconds(1))
            sums.append((committed - began) / .milliseconds(1))
        }
        print("bare_confirm_milliseconds=\(confirms.median)")
        print("bare_confirm_commit_milliseconds=\(sums.median)")
    }
}

extension [Double] {
    fileprivate var median: Double { sorted()[count / 2] }
}
