@_spi(ExperimentalCustomExecutors) @_spi(ExperimentalScheduling) import _Concurrency

/// The process's global executor: every job of every task and actor goes to the simulator, and so does every `Task.sleep`.
///
/// Swift 6.3 lets a program bring its own executors (`_createExecutors`, still behind an SPI). With the older hooks
/// (`swift_task_enqueueGlobal_hook` and its kin) `Task.sleep` would go past them to Dispatch.
///
/// `@unchecked Sendable`: the simulator runs everything on one thread.
final class SimulationExecutor: TaskExecutor, SchedulingExecutor, @unchecked Sendable {
    static let shared = SimulationExecutor()

    /// Before the first task is made.
    static func install() { _createExecutors(factory: Factory.self) }

    /// Who gets the jobs now.
    var simulator: Simulator?

    func enqueue(_ job: consuming ExecutorJob) { simulator?.enqueue(UnownedJob(job)) }

    func enqueue<C: Clock>(
        _ job: consuming ExecutorJob, after delay: C.Duration, tolerance: C.Duration?, clock: C
    ) {
        guard let delay = delay as? Duration else { preconditionFailure("only the standard clocks are simulated") }
        simulator?.enqueue(UnownedJob(job), after: delay.inNanoseconds)
    }

    func enqueue<C: Clock>(_ job: consuming ExecutorJob, at instant: C.Instant, tolerance: C.Duration?, clock: C) {
        enqueue(job, after: clock.now.duration(to: instant), tolerance: tolerance, clock: clock)
    }

    private struct Factory: ExecutorFactory {
        static let mainExecutor: any MainExecutor = Main()
        static var defaultExecutor: any TaskExecutor { shared }
    }

    /// Nothing in the simulation belongs to the main actor.
    private final class Main: MainExecutor {
        func enqueue(_ job: consuming ExecutorJob) { shared.enqueue(job) }
        func run() throws { preconditionFailure("the simulator runs the jobs") }
        func stop() {}
    }
}

extension Duration {
    var inNanoseconds: Nanoseconds { components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000 }
}
