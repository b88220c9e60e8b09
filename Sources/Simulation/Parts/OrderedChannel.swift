/// One way of a connection: what is sent arrives later, in the order it was sent.
///
/// `@unchecked Sendable`: the simulator runs everything on one thread.
final class OrderedChannel: @unchecked Sendable {
    private let simulator: Simulator
    private let fastest: Nanoseconds
    private let slowest: Nanoseconds
    /// Steps that are due at the same time are picked at random, so each takes what is first in here.
    private var underWay: [() -> Void] = []
    private var last: Nanoseconds = 0

    init(_ simulator: Simulator, fastest: Nanoseconds = .microseconds(50), slowest: Nanoseconds) {
        self.simulator = simulator
        self.fastest = fastest
        self.slowest = slowest
    }

    func send(as process: SimulatedProcess? = nil, delay: Nanoseconds = 0, _ body: @escaping () -> Void) {
        last = max(last, simulator.now + delay + simulator.random.skewed(fastest, slowest))
        underWay.append(body)
        simulator.at(last, as: process) { [self] in underWay.removeFirst()() }
    }
}
