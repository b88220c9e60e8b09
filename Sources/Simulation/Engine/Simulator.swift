import CSimulation
import Commands
import Foundation
import Projector

/// The one scheduler of a simulated world: all jobs, timers and messages of all processes, in an order that the seed decides.
///
/// A step is a job of Swift's concurrency runtime or an event of a simulated part. Whoever is ready is picked at random; each step
/// takes some microseconds of simulated time, so that timers come in between; when nobody is ready, time jumps to the next timer.
///
/// `@unchecked Sendable`: it runs everything on the thread that calls `run`.
package final class Simulator: @unchecked Sendable {
    struct Step {
        enum Work {
            case job(UnownedJob)
            case event(() -> Void)
        }

        var process: SimulatedProcess?
        var work: Work
    }

    /// 2030-01-01T00:00:00Z, in nanoseconds.
    static let epoch: Nanoseconds = 1_893_456_000_000_000_000

    package private(set) var now = Simulator.epoch
    var random: SplitMix64
    let trace: Trace
    private var scheduling: SplitMix64
    private var ready: [Step] = []
    private var later = EventHeap<Step>()
    private var current: SimulatedProcess?
    /// What was due in processes that were dead by then.
    private var forsaken: [Step] = []
    private var kept: [AnyObject] = []
    private var processes: UInt64 = 0
    private(set) var steps: UInt64 = 0

    package init(seed: UInt64, trace: Trace) {
        random = SplitMix64(seed: seed)
        scheduling = random.split()
        self.trace = trace
        simulation_begin(now, random.next())
        SimulationExecutor.shared.simulator = self
    }

    /// Nothing of this world runs again. It is kept in memory: its tasks would complain, if they were let go, that nobody
    /// resumed them.
    func end() {
        SimulationExecutor.shared.simulator = nil
        _ = Unmanaged.passRetained(self)
        simulation_end()
    }

    /// For as long as the simulator itself.
    func keep(_ objects: AnyObject...) { kept += objects }

    func process(_ name: String, clockSkew: Nanoseconds = 0) -> SimulatedProcess {
        processes += 1
        return SimulatedProcess(name: name, number: processes, clockSkew: clockSkew)
    }

    // MARK: - What happens when

    /// An event of the world, or of a process: that one's threads are to run it, so that it waits while they are paused.
    func after(_ delay: Nanoseconds, as process: SimulatedProcess? = nil, _ body: @escaping () -> Void) {
        later.insert(Step(process: process, work: .event(body)), at: now + max(0, delay))
    }

    func at(_ time: Nanoseconds, as process: SimulatedProcess? = nil, _ body: @escaping () -> Void) {
        after(time - now, as: process, body)
    }

    /// Starts a task that belongs to the process.
    func start(as process: SimulatedProcess, _ body: @escaping @Sendable () async -> Void) {
        `as`(process) { _ = Task { await body() } }
    }

    /// What `body` makes ready belongs to the process.
    func `as`(_ process: SimulatedProcess?, _ body: () -> Void) {
        let before = current
        current = process
        body()
        current = before
    }

    func enqueue(_ job: UnownedJob) { ready.append(Step(process: current, work: .job(job))) }

    func enqueue(_ job: UnownedJob, after delay: Nanoseconds) {
        later.insert(Step(process: current, work: .job(job)), at: now + max(0, delay))
    }

    func wake(_ process: SimulatedProcess) { ready += process.wake() }

    // MARK: - Running

    /// Runs until `condition` holds, but no longer than to `deadline`.
    ///
    /// - Returns: whether it holds.
    func run(until deadline: Nanoseconds, _ condition: () -> Bool) -> Bool {
        while !condition() {
            while let time = later.nextTime, time <= now { ready.append(later.removeFirst()) }
            if ready.isEmpty {
                guard let time = later.nextTime, time <= deadline else { return false }
                advance(to: time)
            } else if now > deadline {
                return false
            } else {
                runOne()
            }
        }
        return true
    }

    private func runOne() {
        let index = scheduling.below(ready.count)
        ready.swapAt(index, ready.count - 1)
        let step = ready.removeLast()
        if let process = step.process {
            guard process.isAlive else { return forsaken.append(step) }
            if process.isPaused { return process.park(step) }
        }
        steps += 1
        advance(to: now + scheduling.between(500, 20_000))
        trace.mix(step.process?.number ?? 0, UInt64(bitPattern: now))
        current = step.process
        switch step.work {
        case .job(let job): job.runSynchronously(on: SimulationExecutor.shared.asUnownedTaskExecutor())
        case .event(let body): body()
        }
        current = nil
    }

    private func advance(to time: Nanoseconds) {
        now = time
        simulation_set_time(time)
    }

    /// Notes what happens; the text is made only when someone wants to read it.
    func note(_ text: @autoclosure () -> String) { trace.note(at: now - Self.epoch, current?.name, text()) }

    // MARK: - Randomness

    /// Foundation's own would come from elsewhere.
    func uuid() -> UUID {
        let words = (random.next(), random.next())
        return withUnsafeBytes(of: words) { UUID(uuid: $0.loadUnaligned(as: uuid_t.self)) }
    }

    /// The cryptographic library keeps a generator of its own, which goes on from one run to the next.
    var salts: SaltSource {
        SaltSource { [self] count in Data((0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }) }
    }

    func chance(_ probability: Double) -> Bool { probability > 0 && random.chance(probability) }
}

extension Simulator {
    /// True time.
    var timestamp: Timestamp { Timestamp(microseconds: now / 1_000) }
}
