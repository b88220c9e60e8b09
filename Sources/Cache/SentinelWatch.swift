import Lanes

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A connection to one Sentinel that asks it for the master and from then on hears of every switch. Belongs to the lane's thread,
/// and keeps it waiting only in `answer`.
final class SentinelWatch {
    private let handle: RedisHandle
    private var awaitsPong = false

    /// Begins to connect, and to ask.
    init(_ sentinel: RedisURL.Host, masterName: String) throws(RedisHandle.Broken) {
        handle = try RedisHandle(connectingTo: sentinel)
        var question = RESPCommand("SENTINEL", arguments: 3)
        question.add("GET-MASTER-ADDR-BY-NAME")
        question.add(masterName)
        try handle.append(question.bytes)
        // Sent together with the question, so that no switch falls between the two.
        var subscription = RESPCommand("SUBSCRIBE", arguments: 2)
        subscription.add(MasterSearch.switchChannel)
        try handle.append(subscription.bytes)
    }

    /// Readable when the Sentinel has said something.
    var descriptor: Int32 { handle.descriptor }

    /// Waits for the first reply, the answer to the question.
    func answer(within limit: Duration) throws(RedisHandle.Broken) -> RedisReply {
        let deadline = ContinuousClock.now + limit
        while true {
            let (sent, replies) = try handle.exchange()
            if let first = replies.first {
                if case .error(let message) = first { throw RedisHandle.Broken(reason: "a Sentinel: \(message)") }
                return first
            }
            let left = deadline - ContinuousClock.now
            guard left > .zero else { throw RedisHandle.Broken(reason: "a Sentinel did not answer within \(limit)") }
            var polled = pollfd(fd: handle.descriptor, events: Int16(sent ? POLLIN : POLLOUT), revents: 0)
            _ = poll(&polled, 1, Int32(left.inMilliseconds))
        }
    }

    /// What it has said since the last time.
    func heard() throws(RedisHandle.Broken) -> [RedisReply] {
        let replies = try handle.exchange().replies
        if !replies.isEmpty { awaitsPong = false }
        return replies
    }

    /// Fails when nothing was heard since the last call: a Sentinel that hangs says nothing either.
    func checkLife() throws(RedisHandle.Broken) {
        if awaitsPong { throw RedisHandle.Broken(reason: "a Sentinel fell silent") }
        try handle.append(RESPCommand("PING", arguments: 1).bytes)
        awaitsPong = true
    }
}
