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

    struct Configuration: Hashable {
        /// All definite calls before this one have taken effect.
        var first: Int32 = 0
        /// Those after it that have; ascending.
        var ahead: [Int32] = []
        /// How many of each kind of open call have.
        var used: [UInt16]
        var state = RegisterModel.absent
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
        var visited: Set<Configuration> = [begin]
        var stack = [begin]
        while let configuration = stack.popLast() {
            if Int(configuration.first) == definite.count { return (.linearizable, visited.count) }
            // The one to try first goes last.
            for next in successors(of: configuration).reversed() where visited.insert(next).inserted {
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
        var ahead = configuration.ahead[...]
        for index in Int(configuration.first)..<definite.count {
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
        var next: [Configuration] = []
        for index in candidates {
            for state in model.next(configuration.state, definite[index].step) {
                next.append(configuration.taking(Int32(index), to: state))
            }
        }
        // Calls of unknown outcome that let one of the candidates follow come before those that may only do so in the end.
        var others: [Configuration] = []
        for (kind, open) in open.enumerated() {
            let used = Int(configuration.used[kind])
            guard used < open.starts.count, open.starts[used] <= horizon else { continue }
            for state in model.next(configuration.state, open.step) where state != configuration.state {
                var configuration = configuration
                configuration.used[kind] += 1
                configuration.state = state
                if candidates.contains(where: { !model.next(state, definite[$0].step).isEmpty }) {
                    next.append(configuration)
                } else {
                    others.append(configuration)
                }
            }
        }
        return next + others
    }
}

extension LinearizabilitySearch.Configuration {
    fileprivate func taking(_ index: Int32, to state: RegisterModel.State) -> Self {
        var next = self
        next.state = state
        if index > first {
            next.ahead.insert(index, at: next.ahead.firstIndex { $0 > index } ?? next.ahead.endIndex)
            return next
        }
        next.first += 1
        while next.ahead.first == next.first {
            next.ahead.removeFirst()
            next.first += 1
        }
        return next
    }
}
