import Lanes
import Logging
import Synchronization

/// One connection to Redis on one thread, for any number of concurrent callers.
///
/// Callers format their command on their own thread and suspend. The lane sends all that has gathered as one pipeline, reads
/// the replies and resumes each caller; what arrives meanwhile is the next pipeline. So the busier it gets, the better it
/// batches, and no lock is held across I/O.
///
/// While there is no connection every request fails at once, and the lane tries to connect, from 50 ms to 2 s apart.
final class RedisLane: RedisConnection {
    private let lane: Lane<RedisRequest>
    private let state: ConnectionState

    /// Starts the thread, which connects at once.
    ///
    /// - Parameter preamble: commands sent on each new connection, before any request; an error answered to one is ignored.
    init(_ configuration: RedisConfiguration, preamble: [RESPCommand], metrics: CacheMetrics, logger: Logger) {
        let state = ConnectionState()
        self.state = state
        lane = Lane(name: configuration.threadName, capacity: configuration.queueLimit) { mailbox in
            let loop = RedisLaneLoop(
                mailbox: mailbox, state: state, configuration: configuration, preamble: preamble, metrics: metrics,
                logger: logger)
            loop.run()
        }
    }

    var isConnected: Bool { state.connected.load(ordering: .relaxed) }

    func send(_ command: RESPCommand, commands: Int) async throws(CacheError) -> RedisReply {
        assert(command.isComplete, "a command lacks arguments")
        guard isConnected else { throw .unavailable("not connected") }
        // Unsafe only in that nobody counts: a request that was accepted is resumed exactly once by the lane's loop, which
        // empties its mailbox before it ends; one that was not is resumed here.
        let result = await withUnsafeContinuation { (continuation: RedisRequest.Continuation) in
            let request = RedisRequest(bytes: command.bytes, commands: commands, continuation: continuation)
            switch lane.post(request) {
            case .accepted: break
            case .full:
                continuation.resume(
                    returning: .failure(CacheError(.overloaded, "Too many requests are waiting for the cache.")))
            case .closed: continuation.resume(returning: .failure(.unavailable("closed")))
            }
        }
        return try result.get()
    }

    func waitUntilConnected(timeout: Duration) async -> Bool {
        let deadline = ContinuousClock.now + timeout
        while !isConnected && ContinuousClock.now < deadline && !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(5))
        }
        return isConnected
    }

    func close() async { await lane.close() }
}

struct RedisRequest: Sendable {
    typealias Continuation = UnsafeContinuation<Result<RedisReply, CacheError>, Never>

    var bytes: [UInt8]
    /// How many commands `bytes` are, and so how many replies there will be.
    var commands: Int
    var continuation: Continuation
}

/// Whether the connection stands, for callers to look at without waiting.
final class ConnectionState: Sendable {
    let connected = Atomic(false)
}
