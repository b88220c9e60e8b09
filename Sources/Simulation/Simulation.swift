import Commands

/// One run: a cluster, clients and faults, all of it decided by the seed.
package struct Simulation: Sendable {
    package struct Result: Sendable {
        package var seed: UInt64
        package var violations: [Violation]
        /// Equal for two runs of a seed.
        package var fingerprint: UInt64
        package var steps: UInt64
        package var events: Int
        package var reads: Int
        package var faults: [String]
    }

    /// How long clients and faults go on.
    static let activity: Nanoseconds = .seconds(20)
    /// How long the cluster may take to come to rest after that.
    static let recovery: Nanoseconds = .seconds(60)

    package var seed: UInt64
    package var without: Safeguard?
    /// `nil` lets the seed choose.
    package var faults: Set<Fault>?

    package init(seed: UInt64, without: Safeguard? = nil, faults: Set<Fault>? = nil) {
        self.seed = seed
        self.without = without
        self.faults = faults
    }

    /// Once in a process, before anything else of Swift's concurrency.
    package static func prepare() { SimulationExecutor.install() }

    /// Runs it on the calling thread. It ends at the first broken promise.
    package func run(trace: Trace = Trace(keepsLines: false)) -> Result {
        let simulator = Simulator(seed: seed, trace: trace)
        defer { simulator.end() }
        let chosen = choose(&simulator.random)
        let faults = self.faults ?? chosen
        let world = World(simulator, without: without, faults: faults)
        let end = simulator.now + Self.activity
        let keys = (0..<2 + simulator.random.below(4)).map { Key(trusted: "k\($0)") }
        let clients = (0..<2 + simulator.random.below(3)).map {
            SimulatedClient(world, number: $0, keys: keys, until: end)
        }
        let nemesis = Nemesis(world, faults: faults, until: end)
        simulator.note("seed \(seed), faults: \(faults.map(\.rawValue).sorted().joined(separator: ", "))")
        let broken = { !world.history.violations.isEmpty }

        _ = simulator.run(until: end) { broken() }
        if !broken() {
            world.heal()
            comeToRest(world, clients, broken)
        }
        simulator.keep(world, nemesis)
        return Result(
            seed: seed, violations: world.history.violations, fingerprint: trace.fingerprint,
            steps: simulator.steps, events: world.history.sequences.count, reads: world.history.answers,
            faults: faults.map(\.rawValue).sorted())
    }

    /// About a third of all faults.
    private func choose(_ random: inout SplitMix64) -> Set<Fault> {
        var faults: Set<Fault> = []
        for fault in Fault.allCases where random.chance(0.3) { faults.insert(fault) }
        return faults
    }

    private func comeToRest(_ world: World, _ clients: [SimulatedClient], _ broken: () -> Bool) {
        let simulator = world.simulator
        let rested = simulator.run(until: simulator.now + Self.recovery) {
            broken() || clients.allSatisfy(\.isDone) && world.restlessness == nil
        }
        if broken() { return }
        guard rested else {
            let reason = world.restlessness ?? "clients wait"
            return world.history.violation("the cluster comes to rest after the faults", reason)
        }
        RestChecks(world).run()
        let audit = CacheAudit(world)
        audit.start(world.database.values.keys.sorted())
        if !simulator.run(until: simulator.now + .seconds(10), { audit.isDone }) {
            world.history.violation("the cluster comes to rest after the faults", "the cache does not answer")
        }
    }
}
