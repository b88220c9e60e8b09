/// What the cache asks of its connection to Redis: `RedisLane`, or the simulation's.
package protocol RedisConnection: Sendable {
    /// Whether the connection stands. Any thread.
    var isConnected: Bool { get }

    /// Sends a command, or several that were pipelined, and waits for all their replies.
    ///
    /// - Returns: the reply; with more than one command an array of the replies. An error that Redis answers is
    ///   a reply.
    /// - Throws: `unavailable` when the connection is down or is lost meanwhile, `overloaded` when too many wait.
    func send(_ command: RESPCommand, commands: Int) async throws(CacheError) -> RedisReply

    /// Waits until the connection stands, up to `timeout`.
    func waitUntilConnected(timeout: Duration) async -> Bool

    /// Answers what is waiting and ends the connection.
    func close() async
}

extension RedisConnection {
    func send(_ command: RESPCommand) async throws(CacheError) -> RedisReply { try await send(command, commands: 1) }
}
