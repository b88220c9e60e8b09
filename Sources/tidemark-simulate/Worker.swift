import Foundation
import Simulation

/// Runs seeds one after the other and reports each in a line, for the process that started this one.
struct Worker {
    var plan: Plan

    func run(_ seeds: Range<UInt64>) {
        for seed in seeds {
            write(Report.begun(seed))
            let result = plan.simulation(seed).run()
            if let violation = result.violations.first {
                return write(Report.broken(seed, violation.invariant, violation.detail))
            }
            write(
                Report.held(
                    steps: result.steps, events: result.events, reads: result.reads, fingerprint: result.fingerprint))
        }
    }

    /// At once: what a process had buffered when it traps is lost.
    private func write(_ report: Report) { FileHandle.standardOutput.write(Data((report.line + "\n").utf8)) }
}

/// A line of a worker.
enum Report: Equatable {
    case begun(UInt64)
    case held(steps: UInt64, events: Int, reads: Int, fingerprint: UInt64)
    case broken(UInt64, String, String)

    var line: String {
        switch self {
        case .begun(let seed): "begun\t\(seed)"
        case .held(let steps, let events, let reads, let fingerprint):
            "held\t\(steps)\t\(events)\t\(reads)\t\(String(fingerprint, radix: 16))"
        case .broken(let seed, let invariant, let detail): "broken\t\(seed)\t\(invariant)\t\(detail)"
        }
    }

    init?(line: Substring) {
        let fields = line.split(separator: "\t").map(String.init)
        switch (fields.first, fields.count) {
        case ("begun", 2):
            guard let seed = UInt64(fields[1]) else { return nil }
            self = .begun(seed)
        case ("held", 5):
            guard let steps = UInt64(fields[1]), let events = Int(fields[2]), let reads = Int(fields[3]),
                let fingerprint = UInt64(fields[4], radix: 16)
            else { return nil }
            self = .held(steps: steps, events: events, reads: reads, fingerprint: fingerprint)
        case ("broken", 4):
            guard let seed = UInt64(fields[1]) else { return nil }
            self = .broken(seed, fields[2], fields[3])
        default: return nil
        }
    }
}
