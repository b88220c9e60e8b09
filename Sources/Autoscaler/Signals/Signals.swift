/// Makes observations of scrapes: rates from counters, a percentile from buckets, sums over instances.
///
/// An instance that could not be read makes everything that it is part of unknown. One that is ready for the first time counts as
/// starting, because it has no rates yet.
package struct Signals: Sendable {
    /// An instance, and what it said when it was asked now; `nil` if it did not answer.
    package struct Member: Sendable {
        package var instance: Instance
        package var exposition: Exposition?
        /// Why it did not answer, if it was asked.
        package var failure: String?

        package init(_ instance: Instance, _ exposition: Exposition?) {
            self.instance = instance
            self.exposition = exposition
        }
    }

    private struct Reading {
        var at: Duration
        /// The last one that there was.
        var exposition: Exposition?
    }

    /// What is known of one role's instances now.
    private struct Measured {
        var fleet = Observation.Fleet(ready: 0)
        /// Of all that answer, the draining too.
        var intervals: [ScrapeInterval] = []
        var ready: [ScrapeInterval] = []
        var answers: [Exposition] = []
        /// Whether every ready instance is in all of these, and there is one.
        var isComplete = true
    }

    private var readings: [String: Reading] = [:]
    private var last: Observation?
    private var partitions: Int?
    private var backlog: (at: Duration, commands: Double)?

    package init() {}

    package mutating func observe(_ members: [Member], at now: Duration) -> Observation {
        let gateways = measure(members.filter { $0.instance.role == .gateway }, at: now)
        let projectors = measure(members.filter { $0.instance.role == .projector }, at: now)
        remember(members, at: now)
        // 0 is what a projector says that has not asked the database yet.
        if let count = projectors.answers.compactMap({ $0.gauge(Metric.partitions) }).max(), count > 0 {
            partitions = Int(count)
        }

        var observation = Observation(
            at: now, gateways: gateways.fleet, projectors: projectors.fleet, partitions: partitions ?? .max)
        if gateways.isComplete { Self.describe(gateways, &observation) }
        if projectors.isComplete { describe(projectors, &observation) }
        last = observation
        return observation
    }

    /// Of a moment at which nobody could tell which instances there are: as many as there were, and all else is unknown.
    /// `nil` if none was ever seen.
    package func observeNothing(at now: Duration) -> Observation? {
        guard let last else { return nil }
        var (gateways, projectors) = (last.gateways, last.projectors)
        (gateways.processors, projectors.processors) = (nil, nil)
        return Observation(at: now, gateways: gateways, projectors: projectors, partitions: last.partitions)
    }

    private func measure(_ members: [Member], at now: Duration) -> Measured {
        var measured = Measured()
        for member in members where member.instance.state != .starting {
            if let exposition = member.exposition { measured.answers.append(exposition) }
            let interval = interval(member, at: now)
            if let interval { measured.intervals.append(interval) }
            guard [.ready, .unwell].contains(member.instance.state), readings[member.instance.id] != nil else {
                continue
            }
            measured.fleet.ready += 1
            if let interval { measured.ready.append(interval) } else { measured.isComplete = false }
        }
        measured.fleet.draining = members.count { $0.instance.state == .draining }
        measured.fleet.starting = members.count - measured.fleet.ready - measured.fleet.draining
        if measured.fleet.ready == 0 { measured.isComplete = false }
        return measured
    }

    private func interval(_ member: Member, at now: Duration) -> ScrapeInterval? {
        guard let reading = readings[member.instance.id], let before = reading.exposition, let after = member.exposition
        else { return nil }
        return ScrapeInterval(before: before, after: after, seconds: (now - reading.at) / .seconds(1))
    }

    private mutating func remember(_ members: [Member], at now: Duration) {
        let last = readings
        readings = [:]
        for member in members where member.instance.state != .starting {
            let id = member.instance.id
            readings[id] =
                member.exposition.map { Reading(at: now, exposition: $0) } ?? last[id] ?? Reading(at: now)
        }
    }

    private static func describe(_ gateways: Measured, _ observation: inout Observation) {
        observation.gateways.processors = sum(gateways.ready) { $0.rate(Metric.processor) }
        observation.requestsInFlight = sum(gateways.answers) { answer in
            guard let underWay = answer.gauge(Metric.inFlight), let waiting = answer.gauge(Metric.waiting) else {
                return nil
            }
            // One of them is this scrape.
            return max(0, underWay - waiting - 1)
        }
        observation.requestRate = sum(gateways.intervals) { $0.rate(Metric.requests, where: isWork) }
        var counts = BucketCounts()
        if gateways.intervals.allSatisfy({ counts.add(Metric.durations, of: $0, where: isWork) }) {
            observation.latency = counts.quantile(0.99)
        }
    }

    /// Requests of clients that don't wait by their nature.
    private static func isWork(_ labels: Exposition.Labels) -> Bool {
        guard let route = labels["route"] else { return false }
        return route.hasPrefix("/v1/") && route != "/v1/session" && route != "/v1/changes"
    }

    private mutating func describe(_ projectors: Measured, _ observation: inout Observation) {
        observation.projectors.processors = Self.sum(projectors.ready) { $0.rate(Metric.processor) }
        observation.busyProjectors = Self.sum(projectors.ready) { projector in
            guard let waiting = projector.after.gauge(Metric.backlog), let applied = projector.rate(Metric.applied)
            else {
                return nil
            }
            // Idle ones have some milliseconds of work.
            return waiting > applied * 1 ? 1 : 0
        }.map { Int($0) }
        observation.applyRate = Self.sum(projectors.intervals) { $0.rate(Metric.applied) }
        // What waits in a partition that nobody owns at the moment, nobody tells.
        guard let partitions, let owned = Self.sum(projectors.answers, { $0.gauge(Metric.owned) }),
            owned >= Double(partitions)
        else {
            backlog = nil
            return
        }
        observation.backlog = Self.sum(projectors.answers) { $0.gauge(Metric.backlog) }
        let ages = projectors.answers.map { $0.gauge(Metric.oldest) }
        observation.lag = ages.contains(nil) ? nil : ages.compactMap { $0 }.max()
        if let commands = observation.backlog {
            observation.backlogGrowth = backlog.map {
                (commands - $0.commands) / ((observation.at - $0.at) / .seconds(1))
            }
        }
        backlog = observation.backlog.map { (observation.at, $0) }
    }

    /// `nil` when one is unknown.
    private static func sum<Part>(_ parts: [Part], _ value: (Part) -> Double?) -> Double? {
        parts.reduce(0) { sum, part in sum.flatMap { sum in value(part).map { sum + $0 } } }
    }
}

/// The metrics that are read, as docs/metrics.md has them.
private enum Metric {
    static let processor = "process_cpu_seconds_total"
    static let inFlight = "tidemark_http_requests_in_flight"
    static let waiting = "tidemark_http_requests_waiting"
    static let requests = "tidemark_http_requests_total"
    static let durations = "tidemark_http_request_duration_seconds"
    static let applied = "tidemark_projector_commands_applied_total"
    static let backlog = "tidemark_projector_backlog_commands"
    static let oldest = "tidemark_projector_oldest_unapplied_seconds"
    static let owned = "tidemark_projector_partitions_owned"
    static let partitions = "tidemark_projector_partitions"
}
