import ArgumentParser
import Foundation
import Simulation
import Synchronization

/// Takes each safeguard away and counts the seeds until a promise breaks: a simulation that can't fail proves nothing.
struct MutationTable {
    var seeds: UInt64
    var jobs: Int

    private struct State {
        var left = Safeguard.allCases
        var rows: [Safeguard: WorkerProcess.Ending] = [:]
        var error: (any Error)?
    }

    /// Prints the table in Markdown. Exits with 1 unless every one was noticed.
    func run() throws {
        let state = Mutex(State())
        DispatchQueue.concurrentPerform(iterations: jobs) { _ in
            while let safeguard = state.withLock({ $0.left.isEmpty ? nil : $0.left.removeFirst() }) {
                do {
                    let ending = try WorkerProcess.run(1..<1 + seeds, Plan(without: safeguard))
                    state.withLock { $0.rows[safeguard] = ending }
                } catch {
                    state.withLock { $0.error = error }
                }
            }
        }
        let (rows, error) = state.withLock { ($0.rows, $0.error) }
        if let error { throw error }
        print("| without | seeds until noticed | by |\n| --- | --- | --- |")
        for safeguard in Safeguard.allCases {
            let failure = rows[safeguard]?.failure
            print(
                "| \(safeguard.rawValue) | \(failure.map { "\($0.seed)" } ?? "not in \(seeds)") "
                    + "| \(failure?.invariant ?? "") |")
        }
        if rows.values.contains(where: { $0.failure == nil }) { throw ExitCode.failure }
    }
}
