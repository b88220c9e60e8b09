import Foundation
import Simulation

/// Another process of this program that runs seeds: a seed that traps takes only that process along, and what dead processes of the
/// simulation leave behind goes with it.
struct WorkerProcess {
    /// What became of the seeds.
    struct Ending {
        var held = 0
        var steps: UInt64 = 0
        var events = 0
        var reads = 0
        /// The seed that broke a promise, and which.
        var failure: (seed: UInt64, invariant: String, detail: String)?
    }

    /// Blocks until it has ended.
    ///
    /// - Parameter report: called for each line, on this thread.
    static func run(
        _ seeds: Range<UInt64>, _ plan: Plan, report: (Report) -> Void = { _ in }
    ) throws -> Ending {
        let arguments = ["--worker", "--first", "\(seeds.lowerBound)", "--seeds", "\(seeds.count)"] + plan.arguments
        var ending = Ending()
        var current = seeds.lowerBound
        let status = try start(arguments) { line in
            guard let next = Report(line: line) else { return }
            switch next {
            case .begun(let seed): current = seed
            case .held(let steps, let events, let reads, _):
                ending.held += 1
                ending.steps += steps
                ending.events += events
                ending.reads += reads
            case .broken(let seed, let invariant, let detail): ending.failure = (seed, invariant, detail)
            }
            report(next)
        }
        if status != 0 && ending.failure == nil {
            ending.failure = (current, "nothing traps", "the process ended with \(status)")
        }
        return ending
    }

    /// - Returns: the exit status, or the signal's number.
    static func start(_ arguments: [String], line: (Substring) -> Void) throws -> Int32 {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(["SWIFT_DETERMINISTIC_HASHING": "1"]) { $1 }
        process.standardOutput = output
        try process.run()
        var rest = ""
        while case let data = output.fileHandleForReading.availableData, !data.isEmpty {
            rest += String(decoding: data, as: UTF8.self)
            var lines = rest.split(separator: "\n", omittingEmptySubsequences: false)
            let incomplete = lines.removeLast()
            for complete in lines { line(complete) }
            rest = String(incomplete)
        }
        process.waitUntilExit()
        return process.terminationStatus
    }

    static func command(toReplay seed: UInt64, _ plan: Plan) -> String {
        (["swift run tidemark-simulate --seed \(seed) --trace"] + plan.arguments).joined(separator: " ")
    }
}
