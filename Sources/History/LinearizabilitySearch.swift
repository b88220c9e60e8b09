/// Looks for an order of one key's calls that a single register could have answered, one call after the other, each taking
/// effect between its invocation and its completion.
///
/// The search of Wing and Gong ("Testing and verifying concurrent objects", JPDC 1993), with Lowe's memory of the
/// configurations that were visited ("Testing for linearizability", CCPE 2017), as depth-first search over explicit
/// configurations. Calls without an outcome may take effect at any time after their invocation, or never; those of them that
/// nobody could tell apart are taken in the order of invocation, which loses no solution and spares the search their
/// permutations.
///
/// Time and memory: one configuration a call when there is little concurrency; in the worst case exponential in the number
/// of calls that overlap, hence the budget.
struct LinearizabilitySearch {
    enum Result: Equatable {
        case linearizable
        case notLinearizable
        case budgetExceeded
    }

    /// A call with an outcome.
    struct Definite {
        var step: RegisterModel.Step
        var start: Int64
        var end: Int64
        /// Index of the call it stands for.
        var call: Int
    }

    /// A call that may take effect at any time from `start` on, or never.
    struct Open {
        var step: RegisterModel.Step
        var start: Int64
        var call: Int
    }

    struct Configuration {
        struct Place: Hashable {
            /// All definite calls before this one have taken effect.
            var first: Int32 = 0
            /// Those after it that have; ascending.
            var ahead: [Int32] = []
            var state = RegisterModel.absent
        }
        var place = Place()
        /// How many of each kind of open call have taken effect.
        var used: [UInt16]
    }

    /// Where the search has been. A place that was reached with fewer open calls leads wherever it leads with more.
    private struct Visited {
        private var used: [Configuration.Place: [[UInt16]]] = [:]
        private(set) var count = 0

        mutating func insert(_ configuration: Configuration) -> Bool {
            let known = used[configuration.place, default: []]
            if known.contains(where: { zip($0, configuration.used).allSatisfy { $0 <= $1 } }) { return false }
            used[configuration.place, default: []].append(configuration.used)
            count += 1
            return true
        }
    }

    private let model: RegisterModel
    /// By start.
    private let definite: [Definite]
    /// Starts of the open calls of each kind, ascending.
    private let open: [(step: RegisterModel.Step, starts: [Int64])]

    init(_ model: RegisterModel, definite: [Definite], open: [Open]) {
        self.model = model
        self.definite = definite.sorted { ($0.start, $0.end) < ($1.start, $1.end) }
        self.open = Dictionary(grouping: open, by: \.step).map { ($0, $1.map(\.start).sorted()) }
            .sorted { ($0.1[0], "\($0.0)") < ($1.1[0], "\($1.0)") }
    }

    /// - Parameter budget: configurations to visit at most.
    /// - Returns: with the number of configurations visited.
    func run(budget: Int) -> (result: Result, visited: Int) {
        let begin = Configuration(used: Array(repeating: 0, count: open.count))
        var visited = Visited()
        _ = visited.insert(begin)
        var stack = [begin]
        while let configuration = stack.popLast() {
            if Int(configuration.place.first) == definite.count { return (.linearizable, visited.count) }
            // The one to try first goes last.
            for next in successors(of: configuration).reversed() where visited.insert(next) {
                stack.append(next)
            }
            if visited.count > budget { return (.budgetExceeded, visited.count) }
        }
        return (.notLinearizable, visited.count)
    }

    /// Every configuration that one more call leads to: definite calls first, the one that ends first before the others.
    fileprivate func successors(of configuration: Configuration) -> [Configuration] {
        var pending: [Int] = []
        var horizon = Int64.max
        var ahead = configuration.place.ahead[...]
        for index in Int(configuration.place.first)..<definite.count {
            if definite[index].start > horizon { break }
            if ahead.first == Int32(index) {
                ahead.removeFirst()
                continue
            }
            pending.append(index)
            horizon = min(horizon, definite[index].end)
        }
        // Nothing that begins after another pending call has ended can come before it.
        let candidates = pending.filter { definite[$0].start <= horizon }.sorted { definite[$0].end < definite[$1].end }
        // A call that is true here and never changes anything may as well come now: in any order that has it later it can be
        // moved to here.
        let state = configuration.place.state
        if let index = candidates.first(where: { index in
            let step = definite[index].step
            return !step.canChange && !model.next(state, step).isEmpty
        }) {
            return [configuration.taking(Int32(index), to: state)]
        }
        let next = candidates.flatMap { index in
            model.next(state, definite[index].step).map { configuration.taking(Int32(index), to: $0) }
        }
        return next + openSuccessors(of: configuration, candidates, horizon: horizon)
    }

    /// Calls of unknown outcome, each only right before one that could not follow otherwise; the definite ones of those first.
    private func openSuccessors(
        of configuration: Configuration, _ candidates: [Int], horizon: Int64
    ) -> [Configuration] {
        let state = configuration.place.state
        let available = open.indices.filter { kind in
            let used = Int(configuration.used[kind])
            return used < open[kind].starts.count && open[kind].starts[used] <= horizon
        }
        func lets(_ other: RegisterModel.State, _ step: RegisterModel.Step) -> Bool {
            let before = model.next(state, step)
            return model.next(other, step).contains { !before.contains($0) }
        }
        var first: [Configuration] = []
        var others: [Configuration] = []
        for kind in available {
            for other in model.next(state, open[kind].step) where other != state {
                var next = configuration
                next.used[kind] += 1
                next.place.state = other
                if candidates.contains(where: { lets(other, definite[$0].step) }) {
                    first.append(next)
                } else if available.contains(where: { $0 != kind && lets(other, open[$0].step) }) {
                    others.append(next)
                }
            }
        }
        return first + others
    }
}

extension LinearizabilitySearch.Configuration {
    fileprivate func taking(_ index: Int32, to state: RegisterModel.State) -> Self {
        var next = self
        next.place.take(index)
        next.place.state = state
        return next
    }
}

extension LinearizabilitySearch.Configuration.Place {
    fileprivate mutating func take(_ index: Int32) {
        if index > first {
            ahead.insert(index, at: ahead.firstIndex { $0 > index } ?? ahead.endIndex)
            return
        }
        first += 1
        while ahead.first == first {
            ahead.removeFirst()
            first += 1
        }
    }
}
