import History
import Synchronization

/// One of a run's processes: does a few calls of one workload, then of another, as its dice fall.
struct LoadClient {
    /// What all clients of a run share.
    final class Shared: Sendable {
        private let generations: Mutex<[Int]>
        let stops = Atomic(false)

        init(keys: Int) { generations = Mutex(Array(repeating: 0, count: keys)) }

        /// Lists that have grown long are left for new ones: the history holds a copy for each append.
        func listName(_ key: Int) -> String { "\(key)-\(generations.withLock { $0[key] })" }

        func leave(_ name: String, _ key: Int) {
            generations.withLock { if name == "\(key)-\($0[key])" { $0[key] += 1 } }
        }
    }

    private static let longestList = 50
    /// Calls of one session; then a new one begins.
    private static let sessionLength = 40
    /// For a write to be applied, and for a session's writes to be seen.
    private static let wait = Duration.seconds(5)

    private let plan: CheckPlan
    private let number: Int
    private let process: RecordedProcess
    private let shared: Shared
    private var dice: Dice
    private var written = 0
    private var sessions = 0
    private var session: RecordedProcess.NumberedSession
    private var sessionCalls = 0

    init(_ plan: CheckPlan, number: Int, _ process: RecordedProcess, _ shared: Shared) {
        self.plan = plan
        self.number = number
        self.process = process
        self.shared = shared
        dice = Dice(seed: plan.seed, process: number)
        session = .init(number: number)
    }

    /// Works until the run is stopped, and ends what it has begun.
    mutating func run() async {
        while !shared.stops.load(ordering: .relaxed), !Task.isCancelled {
            let workload = plan.workloads[dice.below(plan.workloads.count)]
            let failed =
                switch workload {
                case .register: await register()
                case .compareAndSet: await compareAndSet()
                case .list: await append()
                case .session: await inSession()
                case .asynchronous: await asynchronous()
                }
            // A gateway that refuses needs a moment, and a history of refusals proves nothing.
            if failed { try? await Task.sleep(for: .milliseconds(20 + dice.below(80))) }
        }
    }

    // MARK: - Workloads; each tells whether its last call failed

    private mutating func register() async -> Bool {
        let key = key(.register)
        let gateway = gateway()
        switch dice.below(100) {
        case ..<35: return await process.get(key, .linearizable, gateway: gateway, .register).hasFailed
        case ..<45: return await process.get(key, .applied, gateway: gateway, .register).hasFailed
        case ..<50: return await process.get(key, .eventual, gateway: gateway, .register).hasFailed
        case ..<75: return await write(.put(value()), to: key, waits: true, .register)
        case ..<90: return await write(.put(value()), to: key, waits: false, .register)
        default: return await write(.delete(), to: key, waits: dice.chance(70), .register)
        }
    }

    private mutating func compareAndSet() async -> Bool {
        let key = key(.compareAndSet)
        let level: ReadLevel = dice.chance(60) ? .linearizable : .eventual
        let read = await process.get(key, level, gateway: gateway(), .compareAndSet)
        switch (read, dice.below(100)) {
        case (.value(_, let version), ..<75):
            return await write(.put(value(), .version(version)), to: key, waits: true, .compareAndSet)
        case (.value(_, let version), ..<90):
            return await write(.delete(.version(version)), to: key, waits: true, .compareAndSet)
        case (.value, _), (.absent, 85...):
            return await write(.put(value(), .exists), to: key, waits: true, .compareAndSet)
        case (.absent, _):
            return await write(.put(value(), .absent), to: key, waits: true, .compareAndSet)
        default: return true
        }
    }

    private mutating func append() async -> Bool {
        let number = dice.below(plan.keys)
        let name = shared.listName(number)
        let key = "\(plan.prefix)/\(Scenario.list.rawValue)/\(name)"
        // An old list only makes the write fail.
        let level: ReadLevel = dice.chance(50) ? .linearizable : .applied
        switch await process.get(key, level, gateway: gateway(), .list) {
        case .value(let list, let version):
            if list.count(where: { $0 == "," }) + 1 >= Self.longestList { shared.leave(name, number) }
            return await write(.put("\(list),\(value())", .version(version)), to: key, waits: true, .list)
        case .absent: return await write(.put(value(), .absent), to: key, waits: true, .list)
        default: return true
        }
    }

    private mutating func inSession() async -> Bool {
        if sessionCalls >= Self.sessionLength {
            sessions += 1
            sessionCalls = 0
            session = .init(number: number + sessions * plan.clients)
        }
        let key = key(.session)
        var failed = false
        // A few calls on one key, each through another gateway, so that the session has something to lose.
        for _ in 0..<4 where !failed {
            sessionCalls += 1
            let gateway = gateway()
            switch dice.below(100) {
            case ..<60:
                failed = await process.get(
                    key, .session, gateway: gateway, wait: Self.wait, session: session, .session
                ).hasFailed
            case ..<65:
                failed = await process.get(key, .eventual, gateway: gateway, session: session, .session).hasFailed
            case ..<90:
                failed = await process.write(
                    .put(value()), to: key, gateway: gateway, session: session, .session
                ).hasFailed
            default:
                failed = await process.write(
                    .delete(), to: key, gateway: gateway, session: session, .session
                ).hasFailed
            }
        }
        return failed
    }

    private mutating func asynchronous() async -> Bool {
        let key = key(.asynchronous)
        let request: Request =
            switch dice.below(100) {
            case ..<70: .put(value())
            case ..<80: .put(value(), dice.chance(50) ? .exists : .absent)
            default: .delete()
            }
        return await write(request, to: key, waits: false, twice: dice.chance(25), .asynchronous)
    }

    // MARK: -

    private mutating func write(
        _ request: Request, to key: String, waits: Bool, twice: Bool = false, _ workload: Scenario
    ) async -> Bool {
        let manner = RecordedProcess.Manner(wait: waits ? Self.wait : nil, isSentTwice: twice)
        return await process.write(request, to: key, gateway: gateway(), manner, workload).hasFailed
    }

    private mutating func key(_ workload: Scenario) -> String {
        "\(plan.prefix)/\(workload.rawValue)/\(dice.below(plan.keys))"
    }

    private mutating func gateway() -> Int { dice.below(plan.urls.count) }

    /// Unlike any other of this run.
    private mutating func value() -> String {
        written += 1
        return "\(number).\(written)"
    }
}

extension Answer {
    fileprivate var hasFailed: Bool {
        switch self {
        case .refused, .unknown: true
        default: false
        }
    }
}
