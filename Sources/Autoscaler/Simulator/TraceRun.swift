import Foundation
import SplitMix

/// Plays a trace against the model, with a policy that sees what it would see: late, averaged over its interval, and
/// sometimes nothing. The same seed gives the same load and the same gaps to every policy.
package struct TraceRun {
    private let trace: Trace
    private let model: SystemModel
    private let objectives: Objectives
    private var policy: any ScalingPolicy
    private var random: SplitMix64

    private var gateways: Instances
    private var projectors: Instances
    private var partitions: PartitionOwners
    private var target: [Role: Int]
    private var stalledUntil = 0.0
    private var blindUntil = 0.0
    private var window = Window()
    private var lastBacklog: Double?
    private var course = Course()

    /// What has added up since the last look.
    private struct Window {
        var seconds = 0.0
        var answered = 0.0
        var applied = 0.0
        var appliedBy: [Int: Double] = [:]
        var gatewayProcessors = 0.0
        var projectorProcessors = 0.0
        var inFlight = 0.0
        var latency = 0.0
    }

    /// - Parameter sizes: ready when the trace begins.
    package init(
        _ trace: Trace, policy: any ScalingPolicy, sizes: Sizes, model: SystemModel = SystemModel(),
        objectives: Objectives = Objectives(), seed: UInt64 = 1
    ) {
        (self.trace, self.policy, self.model, self.objectives) = (trace, policy, model, objectives)
        random = SplitMix64(seed: seed)
        gateways = Instances(
            ready: sizes.gateways, startUp: model.placement + model.gatewayStart, drain: model.gatewayDrain,
            detection: model.detection)
        projectors = Instances(
            ready: sizes.projectors, startUp: model.placement + model.projectorStart, drain: model.projectorDrain,
            detection: model.detection)
        partitions = PartitionOwners(workers: projectors.ready, model: model)
        target = [.gateway: sizes.gateways, .projector: sizes.projectors]
    }

    package mutating func play() -> Course {
        var events = trace.events[...]
        course.seconds.reserveCapacity(trace.seconds)
        for (second, load) in trace.load.enumerated() {
            let now = Double(second)
            gateways.advance(to: now)
            projectors.advance(to: now)
            while let event = events.first, event.at <= now {
                events.removeFirst()
                happen(event.trouble, now)
            }
            if second > 0, second.isMultiple(of: Int(model.interval)) { look(now) }
            let factor = max(0, 1 + model.noise * random.normal())
            pass(reads: load.reads * factor, writes: load.writes * factor, now)
        }
        return course
    }

    private mutating func happen(_ trouble: Trace.Trouble, _ now: Double) {
        switch trouble {
        case .fail(.gateway, let count): gateways.fail(count, now: now)
        case .fail(.projector, let count): projectors.fail(count, now: now)
        case .stall(let seconds): stalledUntil = now + seconds
        case .blind(let seconds): blindUntil = now + seconds
        }
    }

    /// A second's load.
    private mutating func pass(reads: Double, writes: Double, _ now: Double) {
        let offered = reads + writes
        let serving = Double(gateways.ready.count)
        // A gateway that has just vanished still gets its share, until the balancer goes round it.
        let missed = gateways.unnoticed.reduce(0) { $0 + min(1, max(0, $1.since + model.failover - now)) }
        let arriving = serving > 0 ? serving / (serving + missed) : 0
        let each = GatewayLoad(
            reads: serving > 0 ? reads * arriving / serving : 0, writes: serving > 0 ? writes * arriving / serving : 0,
            model: model)

        let accepted = writes * arriving * (1 - each.refused)
        let overflow = partitions.accept(accepted, now: now)
        var dead: [Int: Double] = [:]
        for instance in projectors.unnoticed { dead[instance.number] = instance.since }
        partitions.share(among: projectors.ready, dead: dead, now: now)
        let appliedBy = now < stalledUntil ? [] : partitions.apply(now: now)
        let applied = appliedBy.reduce(0) { $0 + $1.commands }

        let answered = each.answered * serving - overflow
        let latency = each.latency * model.percentileFactor
        // A tail that falls evenly and has a hundredth beyond the percentile.
        let slow = answered * pow(0.01, objectives.latency / latency)
        let lost = offered > 0 ? 1 - arriving + arriving * each.refused + overflow / offered : 0
        course.seconds.append(
            Course.Second(
                offered: offered, capacity: serving * model.gatewayCapacity(reads: reads, writes: writes),
                bad: offered > 0 ? lost + slow / offered : 0, lost: lost, latency: latency,
                lag: partitions.lag(now: now + 1), gateways: gateways.ready.count,
                projectors: projectors.ready.count, alive: gateways.alive + projectors.alive))

        window.seconds += 1
        window.answered += answered
        window.applied += applied
        for (worker, commands) in appliedBy { window.appliedBy[worker, default: 0] += commands }
        window.gatewayProcessors += each.processors * serving
        window.projectorProcessors += applied / model.applyRate
        window.inFlight = each.inFlight * serving
        window.latency = max(window.latency, latency)
    }

    /// The autoscaler looks, decides, and has it done.
    private mutating func look(_ now: Double) {
        let decision = policy.decide(observation(now))
        window = Window()
        set(.gateway, decision.gateways, now)
        set(.projector, decision.projectors, now)
    }

    private mutating func set(_ role: Role, _ wanted: Decision.Target, _ now: Double) {
        if let before = target[role], before != wanted.count {
            course.steps.append(
                Course.Step(at: now, role: role, from: before, to: wanted.count, reason: wanted.reason))
        }
        target[role] = wanted.count
        switch role {
        case .gateway: gateways.reach(wanted.count, now: now)
        case .projector: projectors.reach(wanted.count, now: now)
        }
    }

    private mutating func observation(_ now: Double) -> Observation {
        var seen = Observation(
            at: .milliseconds(Int64(now * 1_000)), gateways: gateways.fleet, projectors: projectors.fleet,
            partitions: model.partitions)
        let blind = now < blindUntil
        // Whoever doesn't answer makes the sum unknown. Drawn in any case, so that every policy meets the same gaps.
        let gatewaysMissing = random.unit() < model.missing || blind || !gateways.unnoticed.isEmpty
        let projectorsMissing = random.unit() < model.missing || blind || !projectors.unnoticed.isEmpty
        if !gatewaysMissing {
            seen.gateways.processors = window.gatewayProcessors / window.seconds
            seen.requestRate = window.answered / window.seconds
            seen.requestsInFlight = window.inFlight
            seen.latency = window.latency
        }
        if !projectorsMissing {
            let backlog = partitions.backlog + window.applied / window.seconds * model.rest
            seen.projectors.processors = window.projectorProcessors / window.seconds
            seen.applyRate = window.applied / window.seconds
            seen.backlog = backlog
            seen.backlogGrowth = lastBacklog.map { (backlog - $0) / window.seconds }
            seen.lag = partitions.lag(now: now)
            seen.busyProjectors = projectors.ready.count { worker in
                let rate = (window.appliedBy[worker] ?? 0) / window.seconds
                return partitions.backlog(of: worker) + rate * model.rest > rate
            }
            lastBacklog = backlog
        } else {
            lastBacklog = nil
        }
        return seen
    }
}

extension SplitMix64 {
    /// Of mean 0 and deviation 1 (Box and Muller, 1958).
    fileprivate mutating func normal() -> Double {
        (-2 * log(1 - unit())).squareRoot() * cos(2 * .pi * unit())
    }
}
