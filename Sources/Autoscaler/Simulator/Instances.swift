/// The instances of a role, from the wish for one to its end.
struct Instances {
    enum Phase: Equatable {
        case starting(ready: Double)
        case ready
        case draining(gone: Double)
        /// Vanished; the platform and the autoscaler take it for ready until they notice.
        case dead(since: Double)
    }

    struct Instance: Equatable {
        let number: Int
        var phase: Phase
    }

    private(set) var all: [Instance]
    private let startUp: Double
    private let drain: Double
    private let detection: Double
    private var started: Int

    /// - Parameters:
    ///   - startUp: seconds from the wish until it is ready.
    ///   - drain: seconds from the wish until it is gone.
    ///   - detection: seconds until a death is noticed.
    init(ready: Int, startUp: Double, drain: Double, detection: Double) {
        all = (0..<ready).map { Instance(number: $0, phase: .ready) }
        (self.startUp, self.drain, self.detection, started) = (startUp, drain, detection, ready)
    }

    mutating func advance(to now: Double) {
        all = all.compactMap { instance in
            switch instance.phase {
            case .starting(let ready) where ready <= now: Instance(number: instance.number, phase: .ready)
            case .draining(let gone) where gone <= now: nil
            case .dead(let since) where since + detection <= now: nil
            default: instance
            }
        }
    }

    mutating func reach(_ target: Int, now: Double) {
        let wanted = all.filter { if case .draining = $0.phase { false } else { true } }
        for _ in wanted.count..<max(wanted.count, target) {
            all.append(Instance(number: started, phase: .starting(ready: now + startUp)))
            started += 1
        }
        // What isn't ready yet is the cheapest to do without; then the youngest.
        let starting = wanted.filter { if case .starting = $0.phase { true } else { false } }
        let leaving = (starting.reversed() + wanted.filter { $0.phase == .ready }.reversed())
            .prefix(max(0, wanted.count - target)).map(\.number)
        all = all.compactMap { instance in
            guard leaving.contains(instance.number) else { return instance }
            return instance.phase == .ready
                ? Instance(number: instance.number, phase: .draining(gone: now + drain)) : nil
        }
    }

    /// The oldest that are ready vanish.
    mutating func fail(_ count: Int, now: Double) {
        for index in all.indices.filter({ all[$0].phase == .ready }).prefix(count) {
            all[index].phase = .dead(since: now)
        }
    }

    /// Numbers of those that work.
    var ready: [Int] { all.filter { $0.phase == .ready }.map(\.number) }

    /// Those that cost something.
    var alive: Int { all.count { if case .dead = $0.phase { false } else { true } } }

    /// Dead ones that still count as ready, with when they died.
    var unnoticed: [(number: Int, since: Double)] {
        all.compactMap { if case .dead(let since) = $0.phase { ($0.number, since) } else { nil } }
    }

    /// What the platform says.
    var fleet: Observation.Fleet {
        var fleet = Observation.Fleet(ready: 0)
        for instance in all {
            switch instance.phase {
            case .starting: fleet.starting += 1
            case .ready, .dead: fleet.ready += 1
            case .draining: fleet.draining += 1
            }
        }
        return fleet
    }
}
