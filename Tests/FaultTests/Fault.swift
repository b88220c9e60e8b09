import LocalStack

/// A fault as data: what is done to which part, for how long.
struct Fault: Sendable {
    /// As the table in docs/reliability.md shows it.
    var name: String
    var stack = FaultStack.Kind.plain
    /// In turn, one each time.
    var actions: [Action]
    /// How long it lasts; for what is killed, until the next one.
    var duration: Duration
    /// Answers of the gateways without which the fault was not there at all.
    var expectedProblem: String?

    indirect enum Action: Sendable {
        /// SIGKILL; the supervisor starts it again.
        case kill(Target)
        /// SIGSTOP and, when the time is over, SIGCONT.
        case pause(Target)
        /// The connections of a role's processes to a server.
        case trouble(Link, LinkProxy.Trouble)
        /// The database answers every second COMMIT with SQLSTATE 40001.
        case conflicts
        /// The broker's memory alarm: `connection.blocked`.
        case memoryAlarm
        /// Queues that take almost nothing, and projectors that take nothing from them.
        case fullQueues
        /// So many of these at once, as the dice fall.
        case several(Int, of: [Action])
        /// Not a byte left where the database keeps its data.
        case fullDisk
    }

    enum Target: Sendable {
        /// One of them, as the dice fall.
        case one(Part)
        case every(Part)
        /// The one that leads: Redis's master, the database's primary, the broker's node that leads most queues.
        case leader(Part)
        case anything
        case everything
    }
}

/// What a stack consists of.
enum Part: String, Sendable, CaseIterable {
    case gateway, projector, rabbitMQ = "RabbitMQ", redis = "Redis", database, sentinel

    /// `nil` for what is of no interest by itself.
    init?(of server: any Server) {
        switch server {
        case is RabbitMQServer: self = .rabbitMQ
        case is RedisServer: self = .redis
        case is any DatabaseServer: self = .database
        case is SentinelServer: self = .sentinel
        default: return nil
        }
    }
}

/// What stands between a role and a server.
struct Link: Sendable, Hashable, CaseIterable {
    var role: Part
    var server: Part

    static let allCases = [Part.gateway, .projector].flatMap { role in
        [Part.rabbitMQ, .redis, .database].map { Link(role: role, server: $0) }
    }
}
