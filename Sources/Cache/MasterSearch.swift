/// Decides which Redis a lane connects to next. A value without I/O: the lane's loop takes a step, does it, and tells how it
/// went.
///
/// Of a URL that names Redis servers each is tried in turn, until one is a master. Of one that names Sentinels each is asked in
/// turn for the master, and that is tried. A Sentinel may be behind; so a master that can't be used is a reason to ask the next.
struct MasterSearch: Sendable {
    enum Step: Sendable, Equatable {
        case ask(RedisURL.Host)
        case connect(RedisURL.Host)
        /// All were tried.
        case pause
    }

    /// A connection that lasted no longer counts as one that failed, so that we don't spin.
    static let moment = Duration.seconds(1)

    private let url: RedisURL
    /// Of the host that is next, or that helped last.
    private var index = 0
    /// Hosts that failed since the last pause or success.
    private var failures = 0
    /// Named by a Sentinel, and tried or used now.
    private var master: RedisURL.Host?

    init(_ url: RedisURL) { self.url = url }

    var asksSentinels: Bool { url.masterName != nil }

    mutating func next() -> Step {
        if let master { return .connect(master) }
        if failures >= url.hosts.count {
            failures = 0
            return .pause
        }
        return asksSentinels ? .ask(url.hosts[index]) : .connect(url.hosts[index])
    }

    /// The last step, or what it led to, was of no use.
    mutating func failed() {
        master = nil
        failures += 1
        index = (index + 1) % url.hosts.count
    }

    /// The connection was used and is gone.
    mutating func lost(after life: Duration) {
        if life < Self.moment { return failed() }
        master = nil
        failures = 0
        if !asksSentinels {
            failures = 1
            index = (index + 1) % url.hosts.count
        }
    }

    /// The answer of the Sentinel that was asked.
    ///
    /// - Returns: whether it names a master.
    mutating func answered(_ reply: RedisReply) -> Bool {
        master = Self.host(in: reply)
        return master != nil
    }

    /// Whether what a Sentinel says, asked or not, means that the master in use is one no longer.
    func isOver(by reply: RedisReply) -> Bool {
        if let named = Self.host(in: reply) { return named != master }
        guard let parts = reply.elements, parts.count == 3, parts[0].text == "message",
            parts[1].text == Self.switchChannel, let words = parts[2].text?.split(separator: " "), words.count == 5
        else { return false }
        // name, old address and port, new address and port
        guard words[0] == url.masterName ?? "", let port = Int(words[4]) else { return false }
        return RedisURL.Host(name: String(words[3]), port: port) != master
    }

    /// The Sentinel to listen to after the last one fell silent.
    mutating func nextSentinel() -> RedisURL.Host {
        index = (index + 1) % url.hosts.count
        return url.hosts[index]
    }

    static let switchChannel = "+switch-master"

    /// What `SENTINEL GET-MASTER-ADDR-BY-NAME` answers: address and port, or nothing.
    private static func host(in reply: RedisReply) -> RedisURL.Host? {
        guard let parts = reply.elements, parts.count == 2, let name = parts[0].text,
            let port = parts[1].text.flatMap({ Int($0) })
        else { return nil }
        return RedisURL.Host(name: name, port: port)
    }
}
