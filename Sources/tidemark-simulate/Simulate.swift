import ArgumentParser
import Foundation
import Simulation

@main
struct Simulate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tidemark-simulate",
        abstract: "Run Tidemark against simulated servers, clocks and faults, many times over.",
        discussion: """
            Each seed is one run: gateways, projectors and clients for twenty simulated seconds under the faults that the \
            seed has chosen, then everything works again and the promises are judged. The same seed is the same run, step \
            by step. Exit 0 when every promise held, 1 when one broke; the last line then is the command that shows it \
            again.
            """)

    @Option(name: .customLong("seeds"), help: "How many seeds to run.")
    var count: UInt64 = 1_000

    @Option(help: "The first of them.")
    var first: UInt64 = 1

    @Option(help: "Run this one seed, here.")
    var seed: UInt64?

    @Flag(help: "With --seed: print what happened.")
    var trace = false

    @Option(
        help: ArgumentHelp(
            "Take one safeguard away, which should break a promise.",
            discussion: "One of \(Safeguard.allCases.map(\.rawValue).joined(separator: ", "))."))
    var without: Safeguard?

    @Option(
        help: ArgumentHelp(
            "Let only these faults happen, instead of those that each seed chooses; a list with commas, or none.",
            discussion: "Of \(Fault.allCases.map(\.rawValue).joined(separator: ", "))."))
    var faults: FaultList?

    @Flag(help: "Take each safeguard away in turn, and print how many seeds it takes until a promise breaks.")
    var mutations = false

    @Option(help: "How many seeds to run at a time. Default: one for each core.")
    var jobs: Int?

    @Flag(help: .private)
    var worker = false

    mutating func validate() throws {
        if count == 0 { throw ValidationError("--seeds: at least one") }
        if let jobs, jobs < 1 { throw ValidationError("--jobs: at least one") }
        if trace && seed == nil { throw ValidationError("--trace shows one run: name it with --seed") }
    }

    func run() throws {
        if worker || seed != nil {
            try DeterministicHashing.ensure()
            Simulation.prepare()
            if let seed { return try runHere(seed) }
            Worker(plan: plan).run(first..<first + count)
        } else if mutations {
            try MutationTable(seeds: count, jobs: jobs ?? cores).run()
        } else {
            try Campaign(seeds: first..<first + count, plan: plan, jobs: jobs ?? cores).run()
        }
    }

    private var plan: Plan { Plan(without: without, faults: faults) }
    private var cores: Int { ProcessInfo.processInfo.activeProcessorCount }

    private func runHere(_ seed: UInt64) throws {
        let lines = Trace(keepsLines: trace)
        let result = plan.simulation(seed).run(trace: lines)
        for line in lines.last(.max) { print(line) }
        print(
            "seed \(seed): \(result.steps) steps, \(result.events) events, \(result.reads) reads, fingerprint "
                + String(result.fingerprint, radix: 16) + ", faults: \(result.faults.joined(separator: ", "))")
        for violation in result.violations { print("BROKEN \(violation.invariant): \(violation.detail)") }
        if !result.violations.isEmpty { throw ExitCode.failure }
    }
}
