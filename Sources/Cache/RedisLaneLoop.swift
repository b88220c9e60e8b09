import CHiredis
import Lanes
import Logging
import Metrics
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// What the lane's thread does: connect, serve until the connection breaks, connect again.
struct RedisLaneLoop {
    /// Often enough to find a demoted master or a dead connection soon, seldom enough to cost nothing.
    private static let roleCheckInterval: Duration = .seconds(1)
    /// How often a lane that is always busy looks whether a Sentinel has said something.
    private static let listeningInterval: Duration = .milliseconds(50)
    /// Errors by which a server says that it can't serve us, now or ever: another host may.
    private static let unfit: Set<Substring> = ["READONLY", "LOADING", "MASTERDOWN", "NOAUTH"]

    let mailbox: Mailbox<RedisRequest>
    let state: ConnectionState
    let configuration: RedisConfiguration
    let preamble: [RESPCommand]
    let metrics: CacheMetrics
    let logger: Logger

    func run() {
        blockBrokenPipeSignal()
        var batch: [RedisRequest] = []
        var search = MasterSearch(configuration.url)
        // Asking a Sentinel costs nobody anything, and a failover is over within seconds.
        let longest: Duration = search.asksSentinels ? .milliseconds(500) : .seconds(2)
        var backoff = Backoff(longest: longest)
        var watch: SentinelWatch?
        var failure = "not connected yet"
        while true {
            var pause = Duration.zero
            switch search.next() {
            case .pause: pause = backoff.next()
            case .ask(let sentinel):
                do throws(RedisHandle.Broken) {
                    let asked = try SentinelWatch(sentinel, masterName: configuration.url.masterName ?? "")
                    guard search.answered(try asked.answer(within: configuration.sentinelTimeout)) else {
                        throw RedisHandle.Broken(reason: "a Sentinel knows no such master")
                    }
                    watch = asked
                } catch {
                    failure = error.reason
                    search.failed()
                    log(error, at: sentinel)
                }
            case .connect(let host):
                var connected: ContinuousClock.Instant?
                do throws(RedisHandle.Broken) {
                    let connection = try connect(to: host)
                    connected = .now
                    backoff = Backoff(longest: longest)
                    state.connected.store(true, ordering: .releasing)
                    logger.info(
                        "redis connected", metadata: ["redis.host": "\(host.name)", "redis.port": "\(host.port)"])
                    defer { state.connected.store(false, ordering: .releasing) }
                    try serve(connection, &search, &watch, &batch)
                    return
                } catch {
                    failure = error.reason
                    if let connected { search.lost(after: .now - connected) } else { search.failed() }
                    log(error, at: host)
                }
            }
            if failRequests(for: pause, because: failure, &batch) { return }
        }
    }

    private func log(_ error: RedisHandle.Broken, at host: RedisURL.Host) {
        logger.warning(
            "redis connection failed",
            metadata: ["redis.host": "\(host.name)", "redis.port": "\(host.port)", "error": "\(error.reason)"])
    }

    private func connect(to host: RedisURL.Host) throws(RedisHandle.Broken) -> RedisHandle {
        let connection = try RedisHandle(
            host: host.name, port: host.port, connectTimeout: configuration.connectTimeout,
            timeout: configuration.commandTimeout)
        if let password = configuration.url.password {
            var login = RESPCommand("AUTH", arguments: configuration.url.user == nil ? 2 : 3)
            if let user = configuration.url.user { login.add(user) }
            login.add(password)
            try expectSuccess(of: login, on: connection)
        }
        try checkRole(of: connection)
        if configuration.url.database != 0 {
            var select = RESPCommand("SELECT", arguments: 2)
            select.add(configuration.url.database)
            try expectSuccess(of: select, on: connection)
        }
        for command in preamble { try connection.append(command.bytes) }
        for _ in preamble { _ = try connection.nextReply() }
        return connection
    }

    private func expectSuccess(
        of command: RESPCommand, on connection: borrowing RedisHandle
    ) throws(RedisHandle.Broken) {
        try connection.append(command.bytes)
        if case .error(let message) = try connection.nextReply() { throw RedisHandle.Broken(reason: message) }
    }

    private func checkRole(of connection: borrowing RedisHandle) throws(RedisHandle.Broken) {
        try connection.append(RESPCommand("ROLE", arguments: 1).bytes)
        let reply = try connection.nextReply()
        if case .error(let message) = reply { throw RedisHandle.Broken(reason: message) }
        let role = reply.elements?.first?.text ?? "unknown"
        if role != "master" { throw RedisHandle.Broken(reason: "its role is \(role), not master") }
    }

    /// Returns when the mailbox is closed and everything in it is answered.
    private func serve(
        _ connection: borrowing RedisHandle, _ search: inout MasterSearch, _ watch: inout SentinelWatch?,
        _ batch: inout [RedisRequest]
    ) throws(RedisHandle.Broken) {
        var checked = ContinuousClock.now
        var listened = checked
        while true {
            let wakeup = mailbox.wait(
                into: &batch, descriptor: connection.descriptor, other: watch?.descriptor ?? -1,
                timeout: Self.roleCheckInterval)
            let start = ContinuousClock.now
            if wakeup.otherReady || start - listened >= Self.listeningInterval {
                listened = start
                try listen(to: &watch, search)
            }
            if !batch.isEmpty {
                try exchange(&batch, on: connection)
                let duration = ContinuousClock.now - start
                metrics.roundTrip.recordNanoseconds(duration.inNanoseconds)
            } else if wakeup.closed {
                return
            }
            if wakeup.descriptorReady || start - checked >= Self.roleCheckInterval {
                try checkRole(of: connection)
                checked = start
                if search.asksSentinels { keep(&watch, &search) }
            }
        }
    }

    /// Leaves the master when a Sentinel says that it is one no longer.
    private func listen(to watch: inout SentinelWatch?, _ search: MasterSearch) throws(RedisHandle.Broken) {
        // One that fails is replaced when the role is checked next.
        guard let replies = try? watch?.heard() else {
            watch = nil
            return
        }
        if replies.contains(where: search.isOver(by:)) {
            throw RedisHandle.Broken(reason: "a Sentinel names another master")
        }
    }

    /// Goes on to the next Sentinel when this one is gone or silent. Nothing here waits.
    private func keep(_ watch: inout SentinelWatch?, _ search: inout MasterSearch) {
        if watch != nil, (try? watch?.checkLife()) != nil { return }
        watch = try? SentinelWatch(search.nextSentinel(), masterName: configuration.url.masterName ?? "")
    }

    /// One pipeline there and back. When it breaks, those not yet answered fail at once.
    private func exchange(
        _ batch: inout [RedisRequest], on connection: borrowing RedisHandle
    ) throws(RedisHandle.Broken) {
        metrics.pipelineCommands.record(batch.count)
        var answered = 0
        var unfit: String?
        let deadline = ContinuousClock.now + configuration.commandTimeout
        do throws(RedisHandle.Broken) {
            for request in batch { try connection.append(request.bytes) }
            while answered < batch.count {
                if answered & 63 == 63 && ContinuousClock.now > deadline {
                    throw RedisHandle.Broken(reason: "a pipeline was not answered in time")
                }
                let reply = try replies(to: batch[answered], on: connection)
                if let code = reply.errorCode, Self.unfit.contains(code) { unfit = String(code) }
                batch[answered].continuation.resume(returning: .success(reply))
                answered += 1
            }
        } catch {
            state.connected.store(false, ordering: .releasing)
            let failure = CacheError.unavailable(error.reason)
            for request in batch[answered...] { request.continuation.resume(returning: .failure(failure)) }
            batch.removeAll(keepingCapacity: true)
            throw error
        }
        batch.removeAll(keepingCapacity: true)
        if let unfit { throw RedisHandle.Broken(reason: "it answered \(unfit)") }
    }

    private func replies(
        to request: RedisRequest, on connection: borrowing RedisHandle
    ) throws(RedisHandle.Broken) -> RedisReply {
        if request.commands == 1 { return try connection.nextReply() }
        var replies: [RedisReply] = []
        for _ in 0..<request.commands { replies.append(try connection.nextReply()) }
        return .array(replies)
    }

    /// Answers what comes in with `unavailable` for the length of the pause.
    ///
    /// - Returns: whether the mailbox was closed.
    private func failRequests(for pause: Duration, because reason: String, _ batch: inout [RedisRequest]) -> Bool {
        let failure = CacheError.unavailable(reason)
        for request in batch { request.continuation.resume(returning: .failure(failure)) }
        batch.removeAll(keepingCapacity: true)
        let end = ContinuousClock.now + pause
        while true {
            let wakeup = mailbox.wait(into: &batch, timeout: max(.zero, end - ContinuousClock.now))
            for request in batch { request.continuation.resume(returning: .failure(failure)) }
            let answered = !batch.isEmpty
            batch.removeAll(keepingCapacity: true)
            if wakeup.closed && !answered { return true }
            if ContinuousClock.now >= end { return false }
        }
    }

    /// hiredis writes with `write`, so that a connection the server closed would end the process. The signal goes to the
    /// writing thread, which is this one.
    private func blockBrokenPipeSignal() {
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
    }
}
