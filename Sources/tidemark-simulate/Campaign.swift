import ArgumentParser
import Foundation
import Simulation
import Synchronization

/// Many seeds over several processes, up to the first broken promise.
struct Campaign {
    private static let seedsAProcess: UInt64 = 100
    private static let traceLines = 60

    var seeds: Range<UInt64>
    var plan: Plan
    var jobs: Int

    private struct State {
        var next: UInt64
        var total = WorkerProcess.Ending()
        var error: (any Error)?
        var lastProgress = ContinuousClock.now
    }

    func run() throws {
        let began = ContinuousClock.now
        let state = Mutex(State(next: seeds.lowerBound))
        DispatchQueue.concurrentPerform(iterations: jobs) { _ in
            while let chunk = state.withLock({ takeChunk(&$0) }) {
                do {
                    let ending = try WorkerProcess.run(chunk, plan) { report in
                        if case .held = report { state.withLock { showProgress(&$0, began) } }
                    }
                    state.withLock { add(ending, to: &$0) }
                } catch {
                    state.withLock { $0.error = error }
                }
            }
        }
        let (total, error) = state.withLock { ($0.total, $0.error) }
        if let error { throw error }
        let seconds = began.duration(to: .now) / .seconds(1)
        Self.clearProgress()
        print(
            "\(total.held) seeds held: \(total.events) writes, \(total.reads) reads, \(total.steps) steps in "
                + String(format: "%.0f s", seconds))
        if let failure = total.failure { throw try explain(failure.seed, failure.invariant, failure.detail) }
    }

    private func takeChunk(_ state: inout State) -> Range<UInt64>? {
        guard state.next < seeds.upperBound, state.total.failure == nil, state.error == nil else { return nil }
        let end = min(seeds.upperBound, state.next + Self.seedsAProcess)
        defer { state.next = end }
        return state.next..<end
    }

    private func add(_ ending: WorkerProcess.Ending, to state: inout State) {
        state.total.held += ending.held
        state.total.steps += ending.steps
        state.total.events += ending.events
        state.total.reads += ending.reads
        if let failure = ending.failure, failure.seed < state.total.failure?.seed ?? .max {
            state.total.failure = failure
        }
    }

    /// Runs the seed once more with its trace.
    private func explain(_ seed: UInt64, _ invariant: String, _ detail: String) throws -> ExitCode {
        let arguments = ["--seed", "\(seed)", "--trace"] + plan.arguments
        var lines: [Substring] = []
        _ = try WorkerProcess.start(arguments) { lines.append($0) }
        for line in lines.suffix(Self.traceLines) { print(line) }
        print("\nseed \(seed) broke a promise: \(invariant) (\(detail))")
        print(WorkerProcess.command(toReplay: seed, plan))
        return .failure
    }

    // MARK: - Progress, on a terminal

    private func showProgress(_ state: inout State, _ began: ContinuousClock.Instant) {
        let now = ContinuousClock.now
        guard isatty(STDERR_FILENO) != 0, now - state.lastProgress > .milliseconds(200) else { return }
        state.lastProgress = now
        let begun = state.next - seeds.lowerBound
        let text = "\rseeds begun: \(begun) of \(seeds.count), \(Int(began.duration(to: now) / .seconds(1))) s "
        FileHandle.standardError.write(Data(text.utf8))
    }

    private static func clearProgress() {
        if isatty(STDERR_FILENO) != 0 { FileHandle.standardError.write(Data("\r\u{1b}[K".utf8)) }
    }
}
