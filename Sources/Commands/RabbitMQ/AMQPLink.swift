import Foundation
import Lanes
import Logging
import Metrics

/// Keeps one lane connected: connects on a thread of its own, so that the lane goes on serving its mailbox whatever
/// the resolver and the network do, goes through the brokers in turn, and backs off between attempts.
struct AMQPLink {
    typealias Instant = ContinuousClock.Instant
    typealias Attempt = Result<AMQPConnection, RabbitMQError>

    /// Prepares a fresh connection on the connecting thread: channels, declarations, consumers.
    typealias Preparation = @Sendable (AMQPConnection) throws(RabbitMQError) -> Void

    private let name: String
    private let configuration: RabbitMQConfiguration
    private let logger: Logger
    private let prepare: Preparation
    private let report: @Sendable (Attempt) -> Bool
    private let reconnects: Counter

    private(set) var connection: AMQPConnection?
    private var connecting = false
    private var everConnected = false
    private var connectedAt: Instant
    private var failures = 0
    private var lastFailure: RabbitMQError.Code?
    private var endpoint: Int
    /// When the next attempt may begin.
    private(set) var nextAttempt: Instant

    /// - Parameters:
    ///   - name: how the broker's tools list the connection, and the metric's label.
    ///   - report: posts the attempt to the lane's mailbox, which then calls `take`; false if the lane is closed.
    init(
        name: String, configuration: RabbitMQConfiguration, logger: Logger, now: Instant,
        report: @escaping @Sendable (Attempt) -> Bool, prepare: @escaping Preparation
    ) {
        self.name = name
        self.configuration = configuration
        self.logger = logger
        self.report = report
        self.prepare = prepare
        reconnects = CommandsMetrics.reconnects(of: name)
        endpoint = Int.random(in: 0..<configuration.endpoints.count)
        nextAttempt = now
        connectedAt = now
    }

    var descriptor: Int32 { connection?.descriptor ?? -1 }

    /// How long the lane may sleep for the link's sake: an idle connection still needs its heartbeats.
    func patience(at now: Instant) -> Duration {
        if let connection { return connection.hasBufferedInput ? .zero : configuration.heartbeat / 5 }
        return connecting ? .seconds(2) : max(.zero, nextAttempt - now)
    }

    /// Begins an attempt if there is no connection and the pause is over.
    mutating func connectIfDue(at now: Instant) {
        guard connection == nil, !connecting, now >= nextAttempt else { return }
        connecting = true
        let target = configuration.endpoints[endpoint]
        endpoint = (endpoint + 1) % configuration.endpoints.count
        let thread = Thread { [name, configuration, prepare, report] in
            let attempt = Attempt { () throws(RabbitMQError) in
                let connection = try AMQPConnection(to: target, name: name, configuration: configuration)
                do throws(RabbitMQError) {
                    try prepare(connection)
                } catch {
                    connection.close()
                    throw error
                }
                return connection
            }
            if !report(attempt), case .success(let connection) = attempt { connection.close() }
        }
        thread.name = "bus-connect"
        thread.start()
    }

    /// What the connecting thread reported. After a failure the next attempt is due at `nextAttempt`.
    mutating func take(_ attempt: Attempt, at now: Instant) {
        connecting = false
        switch attempt {
        case .success(let connection):
            self.connection = connection
            if everConnected { reconnects.increment() }
            everConnected = true
            lastFailure = nil
            connectedAt = now
            logger.info("Connected to the broker", metadata: ["bus.broker": "\(connection.endpoint)"])
        case .failure(let error):
            failures += 1
            // Once for each reason; an outage would fill the log otherwise.
            logger.log(
                level: error.code == lastFailure ? .debug : error.mayRetry ? .warning : .error,
                "No connection to a broker", metadata: ["error": "\(error)", "bus.attempt": "\(failures)"])
            lastFailure = error.code
            pause(from: now)
        }
    }

    /// The connection failed, or is to be made anew.
    mutating func drop(_ reason: RabbitMQError, at now: Instant) {
        guard let connection else { return }
        self.connection = nil
        if reason.leavesConnectionOpen { connection.close() }
        logger.warning("Lost the connection to the broker", metadata: ["error": "\(reason)"])
        // A connection that works only for a moment counts as a failed attempt, so that we don't spin.
        failures = now - connectedAt < .seconds(5) ? failures + 1 : 0
        pause(from: now)
    }

    mutating func close() {
        connection?.close()
        connection = nil
    }

    private mutating func pause(from now: Instant) {
        let exponent = min(failures, 16)
        let full = min(configuration.maximumBackoff, configuration.initialBackoff * (1 << exponent))
        nextAttempt = now + full * Double.random(in: 0.5...1)
    }
}

extension Mailbox {
    /// For a thread that may wait: posts as soon as there is room; false once the mailbox is closed.
    func postPatiently(_ message: Message) -> Bool {
        while true {
            switch post(message) {
            case .accepted: return true
            case .closed: return false
            case .full: Thread.sleep(forTimeInterval: 0.01)
            }
        }
    }
}
