/// Observes, decides and acts, again and again.
///
/// Each role has at most one step up and one step down under way, whose instances are added or removed one after the other; no
/// other is begun before it is done. A driver that fails is asked again, less often each time. There should be one autoscaler: two would not break anything, but
/// each would take what the other does for somebody's wish.
package actor Autoscaler {
    /// Something that a person wants to know.
    package enum Report: Sendable, CustomStringConvertible {
        case change(Role, from: Int, to: Int, reason: String)
        case failed(String, any Error)
        /// Told again only when the reason is another one.
        case unreadable(Instance, reason: String)

        package var description: String {
            switch self {
            case .change(let role, let old, let new, let reason):
                "\(role)s: \(new) instead of \(old), because \(reason)"
            case .failed(let what, let error): "\(what): \(error)"
            case .unreadable(let instance, let reason):
                "metrics of the \(instance.role) \(instance.id) can't be read: \(reason)"
            }
        }
    }

    private enum Direction: String {
        case up, down
    }

    private struct Action: Hashable {
        var role: Role
        var direction: Direction
    }

    private let driver: any FleetDriver
    private let scraper: Scraper
    private let interval: Duration
    private let largestStep: (up: Int, down: Int)
    private let isDryRun: Bool
    private let report: @Sendable (Report) -> Void
    private let metrics = AutoscalerMetrics()

    private var policy: any ScalingPolicy
    private var signals = Signals()
    private var wanted: [Role: Int] = [:]
    /// And how many are still to be added or removed.
    private var underWay: [Action: Int] = [:]
    private var failures: [Action: (count: Int, until: ContinuousClock.Instant)] = [:]
    /// Why an instance's metrics can't be read, by its id.
    private var unreadable: [String: String] = [:]
    private let begin = ContinuousClock.now
    /// Why the instances can't be listed, as it was told.
    private var complaint: String?
    /// Whether the last round saw the instances.
    package private(set) var isReady = false

    /// - Parameters:
    ///   - largestStep: how many are added or removed before the next look, also when more than these died or failed before.
    ///   - isDryRun: decides and tells, and changes nothing.
    package init(
        policy: any ScalingPolicy, driver: any FleetDriver, scraper: Scraper, interval: Duration,
        largestStep: (up: Int, down: Int), isDryRun: Bool = false,
        report: @escaping @Sendable (Report) -> Void
    ) {
        self.policy = policy
        self.driver = driver
        self.scraper = scraper
        self.interval = interval
        self.largestStep = largestStep
        self.isDryRun = isDryRun
        self.report = report
    }

    /// Until the task is cancelled. An action that is under way then is given up; its driver finds what is left of it.
    package func run() async {
        await withDiscardingTaskGroup { group in
            var next = ContinuousClock.now
            while !Task.isCancelled {
                for action in await round() { group.addTask { await self.perform(action.key, times: action.value) } }
                next = max(next + interval, .now)
                try? await Task.sleep(until: next)
            }
            group.cancelAll()
        }
    }

    /// What to do now, and how often.
    private func round() async -> [Action: Int] {
        var observation: Observation
        do {
            let members = await scraper.scrape(try await driver.instances())
            observation = signals.observe(members, at: .now - begin)
            tellUnreadable(members)
            isReady = true
            complaint = nil
        } catch {
            isReady = false
            metrics.failed("list")
            if !Task.isCancelled, complaint != "\(error)" { report(.failed("instances can't be listed", error)) }
            complaint = "\(error)"
            // So that this time is not taken for one in which nobody asked for more.
            guard let nothing = signals.observeNothing(at: .now - begin) else { return [:] }
            observation = nothing
        }
        guard !Task.isCancelled else { return [:] }
        observation.gateways.expect(leaving: leaving(.gateway))
        observation.projectors.expect(leaving: leaving(.projector))
        let decision = policy.decide(observation)
        metrics.record(observation, decision)
        guard isReady else { return [:] }
        var actions: [Action: Int] = [:]
        for (role, target, fleet) in [
            (Role.gateway, decision.gateways, observation.gateways),
            (.projector, decision.projectors, observation.projectors),
        ] {
            let present = fleet.ready + fleet.starting
            announce(role, target, from: present)
            guard !isDryRun, target.count != present else { continue }
            let action = Action(role: role, direction: target.count > present ? .up : .down)
            guard underWay[action] == nil, failures[action].map({ $0.until <= .now }) ?? true else { continue }
            let largest = action.direction == .up ? largestStep.up : largestStep.down
            actions[action] = min(abs(target.count - present), largest)
            underWay[action] = actions[action]
        }
        return actions
    }

    private func leaving(_ role: Role) -> Int { underWay[Action(role: role, direction: .down)] ?? 0 }

    private func tellUnreadable(_ members: [Signals.Member]) {
        let known = unreadable
        unreadable = [:]
        // One that drains stops answering before it is gone.
        for member in members where member.instance.state != .draining && !Task.isCancelled {
            guard let failure = member.failure else { continue }
            unreadable[member.instance.id] = failure
            if known[member.instance.id] != failure { report(.unreadable(member.instance, reason: failure)) }
        }
    }

    private func announce(_ role: Role, _ target: Decision.Target, from present: Int) {
        let old = wanted.updateValue(target.count, forKey: role) ?? present
        guard target.count != old else { return }
        metrics.decided(role, (target.count > old ? Direction.up : .down).rawValue)
        report(.change(role, from: old, to: target.count, reason: target.reason))
    }

    private func perform(_ action: Action, times: Int) async {
        defer { underWay[action] = nil }
        do {
            for _ in 0..<times {
                switch action.direction {
                case .up: try await driver.add(action.role)
                case .down: try await driver.remove(action.role)
                }
                underWay[action]? -= 1
            }
            failures[action] = nil
        } catch {
            guard !Task.isCancelled else { return }
            let count = (failures[action]?.count ?? 0) + 1
            failures[action] = (count, .now + min(interval * (1 << min(count, 6)), .seconds(120)))
            metrics.failed(action.direction == .up ? "add" : "remove")
            report(.failed("\(action.role) not \(action.direction == .up ? "added" : "removed")", error))
        }
    }
}
