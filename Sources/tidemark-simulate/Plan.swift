import ArgumentParser
import Simulation

/// What the runs of a campaign have in common.
struct Plan: Sendable {
    var without: Safeguard?
    var faults: FaultList?

    func simulation(_ seed: UInt64) -> Simulation {
        Simulation(seed: seed, without: without, faults: faults?.faults)
    }

    /// As the command line takes it.
    var arguments: [String] {
        var arguments: [String] = []
        if let without { arguments += ["--without", without.rawValue] }
        if let faults { arguments += ["--faults", faults.description] }
        return arguments
    }
}

/// `contention,zombie`, or `none`.
struct FaultList: ExpressibleByArgument, CustomStringConvertible, Sendable {
    var faults: Set<Fault>

    init?(argument: String) {
        faults = []
        if argument == "none" { return }
        for name in argument.split(separator: ",") {
            guard let fault = Fault(rawValue: String(name)) else { return nil }
            faults.insert(fault)
        }
    }

    var description: String { faults.isEmpty ? "none" : faults.map(\.rawValue).sorted().joined(separator: ",") }
}

extension Safeguard: ExpressibleByArgument {}
