/// A process of the cluster: what is paused, and what dies, together. The clients are one too; servers (broker, database, Redis)
/// are none, for they are data and events.
///
/// `@unchecked Sendable`: the simulator runs everything on one thread.
package final class SimulatedProcess: @unchecked Sendable {
    let name: String
    let number: UInt64
    /// How far its time of day is from the true one.
    let clockSkew: Nanoseconds
    private(set) var isAlive = true
    private(set) var isPaused = false
    /// What became due while it was paused.
    private var parked: [Simulator.Step] = []
    /// What happens in the world when it dies: its connections break.
    private var onDeath: [() -> Void] = []

    init(name: String, number: UInt64, clockSkew: Nanoseconds) {
        self.name = name
        self.number = number
        self.clockSkew = clockSkew
    }

    func whenDead(_ body: @escaping () -> Void) { onDeath.append(body) }

    /// Nothing of it runs again.
    func kill() {
        guard isAlive else { return }
        isAlive = false
        let bodies = onDeath
        onDeath = []
        for body in bodies { body() }
    }

    /// As SIGSTOP: time goes on, its threads don't.
    func pause() { isPaused = true }

    func park(_ step: Simulator.Step) { parked.append(step) }

    /// - Returns: what it has to catch up with.
    func wake() -> [Simulator.Step] {
        isPaused = false
        defer { parked = [] }
        return parked
    }
}
