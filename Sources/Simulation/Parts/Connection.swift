/// A TCP connection between a process and a server: in order both ways, until it breaks.
///
/// `@unchecked Sendable`: the simulator runs everything on one thread.
final class Connection: @unchecked Sendable {
    private let process: SimulatedProcess
    private let outbound: OrderedChannel
    private let inbound: OrderedChannel
    /// For what the process had written when the connection broke, and the server reads nevertheless, much later.
    private let late: OrderedChannel
    private(set) var isOpen = true
    private var deliversLate = false

    init(_ simulator: Simulator, _ process: SimulatedProcess, slowest: Nanoseconds = .milliseconds(3)) {
        self.process = process
        outbound = OrderedChannel(simulator, slowest: slowest)
        inbound = OrderedChannel(simulator, slowest: slowest)
        late = OrderedChannel(simulator, slowest: .seconds(1))
    }

    func toServer(_ body: @escaping () -> Void) {
        outbound.send { [self] in
            if isOpen {
                body()
            } else if deliversLate {
                late.send(body)
            }
        }
    }

    func toProcess(_ body: @escaping () -> Void) {
        inbound.send(as: process) { [self] in if isOpen { body() } }
    }

    func cut(deliversLate: Bool = false) {
        isOpen = false
        self.deliversLate = deliversLate
    }
}
