import Gateway
import Glibc
import Logging

/// What a gateway takes on.
extension Settings {
    func serving() throws -> GatewayServer.Configuration {
        var serving = GatewayServer.Configuration()
        serving.host = string(.httpHost)
        serving.port = try integer(.httpPort, in: 0...65_535)
        serving.drainTimeout = .seconds(try integer(.httpDrainSeconds, in: 0...3_600))
        serving.drainIdleTimeout = .seconds(try integer(.httpDrainIdleSeconds, in: 0...300))
        return serving
    }

    /// Fewer connections than asked for where the system allows fewer open files.
    func admission(_ logger: Logger) throws -> Admission.Limits {
        var limits = Admission.Limits()
        limits.requests = try integer(.httpMaximumRequests, in: 1...1_000_000)
        limits.waiting = try integer(.httpMaximumWaiting, in: 1...1_000_000)
        limits.heldBytes = try integer(.httpMaximumHeldBytes, in: 1...(1 << 40))
        limits.connections = try integer(.httpMaximumConnections, in: 1...1_000_000)
        // Half of the files: as many again may be open while they are told that there are too many.
        let room = max(1, Self.openFiles() / 2 - 100)
        if limits.connections > room {
            logger.warning(
                "fewer connections than configured: the limit of open files is too low",
                metadata: ["connections": "\(room)", "configured": "\(limits.connections)"])
            limits.connections = room
        }
        return limits
    }

    /// How many files this process may have open; raised to what it may raise it to.
    private static func openFiles() -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 1_024 }
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return Int(clamping: limit.rlim_cur)
    }
}
