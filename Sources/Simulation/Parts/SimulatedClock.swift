import Commands

/// A process's time of day, off by its skew.
///
/// `@unchecked Sendable`: the simulator runs everything on one thread.
final class SimulatedClock: WallClock, @unchecked Sendable {
    private let simulator: Simulator
    private let skew: Nanoseconds

    init(_ simulator: Simulator, of process: SimulatedProcess) {
        self.simulator = simulator
        skew = process.clockSkew
    }

    func now() -> Timestamp { Timestamp(microseconds: (simulator.now + skew) / 1_000) }
}
