extension Fault {
    /// Seconds: longer than a projector's lease (5) and the cache's heartbeat (3).
    private static let longerThanAnyLease = 12
    /// Longer, too, than what a broker waits for an AMQP heartbeat (twice 10 s).
    private static let longerThanAnyHeartbeat = 25

    /// The most telling ones, for a continuous check: what is judged are promises, never speeds.
    static let short: [Fault] = [
        Fault(
            name: "SIGKILL of a gateway, then of a projector",
            actions: [.kill(.one(.gateway)), .kill(.one(.projector))], duration: .seconds(2)),
        Fault(
            name: "SIGKILL of RabbitMQ, then of the database, then of Redis",
            actions: [.kill(.one(.rabbitMQ)), .kill(.one(.database)), .kill(.one(.redis))], duration: .seconds(2)),
        Fault(
            name: "SIGSTOP of a projector for longer than its lease", actions: [.pause(.one(.projector))],
            duration: .seconds(8)),
        Fault(
            name: "projectors–Redis black-holed",
            actions: [.trouble(Link(role: .projector, server: .redis), .blackHole)], duration: .seconds(5)),
        eatenCommits, conflicts, fullQueues, everything, fullDisk,
    ]

    static let all: [Fault] =
        singles.map {
            Fault(
                name: "SIGKILL of \($0.phrase)", actions: Array(repeating: .kill(.one($0)), count: 3),
                duration: .seconds(3))
        }
        + singles.map {
            let seconds = $0 == .projector ? longerThanAnyHeartbeat : longerThanAnyLease
            return Fault(
                name: "SIGSTOP of \($0.phrase) for \(seconds) s", actions: [.pause(.one($0))],
                duration: .seconds(seconds))
        }
        + [
            Fault(name: "SIGKILL of both projectors", actions: [.kill(.every(.projector))], duration: .seconds(3)),
            Fault(name: "SIGKILL of both gateways", actions: [.kill(.every(.gateway))], duration: .seconds(3)),
            Fault(
                name: "SIGKILL of anything, six times", actions: Array(repeating: .kill(.anything), count: 6),
                duration: .seconds(2)),
            everything,
        ]
        + Link.allCases.map {
            Fault(
                name: "\($0.phrase) black-holed for 8 s", actions: [.trouble($0, .blackHole)], duration: .seconds(8))
        }
        + [
            Fault(
                name: "each of these links reset, again and again for 3 s",
                actions: Link.allCases.map { .trouble($0, .reset) }, duration: .seconds(3)),
            Fault(
                name: "each of these links cut for 3 s", actions: Link.allCases.map { .trouble($0, .cut) },
                duration: .seconds(3)),
            Fault(
                name: "each of these links slow by 50 ms each way for 3 s",
                actions: Link.allCases.map { .trouble($0, .delay(.milliseconds(50))) }, duration: .seconds(3)),
            eatenCommits, conflicts,
            Fault(
                name: "the broker's memory alarm for 8 s", actions: [.memoryAlarm], duration: .seconds(8)),
            fullQueues,
            Fault(
                name: "any two of SIGKILL, SIGSTOP and trouble on a link at once, for 4 s, eight times",
                actions: Array(repeating: .several(2, of: anything), count: 8), duration: .seconds(4)),
            fullDisk,
        ] + redundant

    private static let singles: [Part] = [.gateway, .projector, .rabbitMQ, .redis, .database]

    private static let redundant: [Fault] =
        [(Part.redis, "Redis's master"), (.rabbitMQ, "the broker that leads most queues"), (.database, "the primary")]
        .flatMap {
            part, phrase in
            [
                Fault(
                    name: "with standbys: SIGKILL of \(phrase)", stack: .redundant,
                    actions: Array(repeating: .kill(.leader(part)), count: 2), duration: .seconds(10)),
                Fault(
                    name: "with standbys: SIGSTOP of \(phrase) for 12 s", stack: .redundant,
                    actions: [.pause(.leader(part))], duration: .seconds(12)),
            ]
        } + [
            Fault(
                name: "with standbys: SIGKILL of anything, four times", stack: .redundant,
                actions: Array(repeating: .kill(.anything), count: 4), duration: .seconds(5)),
            Fault(
                name: "with standbys: SIGKILL of everything at once, data kept", stack: .redundant,
                actions: [.kill(.everything)], duration: .seconds(1)),
        ]

    private static let anything: [Action] =
        Array(repeating: .kill(.anything), count: 6) + Array(repeating: .pause(.anything), count: 6)
        + Link.allCases.flatMap { [.trouble($0, .blackHole), .trouble($0, .reset)] }

    private static let everything = Fault(
        name: "SIGKILL of everything at once, data kept", actions: [.kill(.everything)], duration: .seconds(1))
    private static let eatenCommits = Fault(
        name: "answers to COMMIT eaten for 5 s",
        actions: [.trouble(Link(role: .projector, server: .database), .eatAnswers(to: "advance_partition"))],
        duration: .seconds(5))
    private static let conflicts = Fault(
        name: "half of all COMMITs answered with 40001 for 5 s", actions: [.conflicts], duration: .seconds(5))
    private static let fullQueues = Fault(
        name: "full queues for 5 s", actions: [.fullQueues], duration: .seconds(5), expectedProblem: "queue-full")
    private static let fullDisk = Fault(
        name: "the database's disk full for 5 s", stack: .smallDisk, actions: [.fullDisk], duration: .seconds(5))
}

extension Part {
    var phrase: String {
        switch self {
        case .gateway: "a gateway"
        case .projector: "a projector"
        case .database: "the database"
        case .sentinel: "a Sentinel"
        case .rabbitMQ, .redis: rawValue
        }
    }
}

extension Link {
    fileprivate var phrase: String { "\(role.rawValue)s–\(server.rawValue)" }
}
