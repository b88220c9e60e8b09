import Metrics
import Synchronization

/// Lets requests and connections in, or not, and knows whether the gateway is leaving. Shared by all connections.
///
/// `tidemark_http_refused_total{reason}`, `tidemark_http_held_bytes`, `tidemark_http_requests_waiting`,
/// `tidemark_http_connections`, `tidemark_http_connections_ended_total{reason}`.
package final class FrontDoor: Sendable {
    private let admission: Mutex<Admission>
    private let draining = Atomic(false)
    private let refusals = Dictionary(
        uniqueKeysWithValues: Admission.Refusal.allCases.map {
            ($0, Counter(label: "tidemark_http_refused_total", dimensions: [("reason", $0.rawValue)]))
        })
    private let endings = Dictionary(
        uniqueKeysWithValues: ConnectionState.Ending.allCases.map {
            ($0, Counter(label: "tidemark_http_connections_ended_total", dimensions: [("reason", $0.rawValue)]))
        })
    private let connections = Meter(label: "tidemark_http_connections")
    private let waiting = Meter(label: "tidemark_http_requests_waiting")
    private let heldBytes = Meter(label: "tidemark_http_held_bytes")

    package init(_ limits: Admission.Limits = Admission.Limits()) { admission = Mutex(Admission(limits)) }

    /// Whether the gateway is about to end: it takes no new connections, and `/readyz` says so.
    package var isDraining: Bool { draining.load(ordering: .relaxed) }

    func drain() { draining.store(true, ordering: .relaxed) }

    // MARK: - Requests

    /// - Returns: why not; `nil` when it is let in, to be followed by `finish`.
    func admit(_ demand: Admission.Demand) -> Admission.Refusal? {
        let refusal = admission.withLock { $0.admit(demand) }
        if let refusal { refusals[refusal]?.increment() } else { count(demand, 1) }
        return refusal
    }

    func finish(_ demand: Admission.Demand) {
        admission.withLock { $0.finish(demand) }
        count(demand, -1)
    }

    func hold(_ bytes: Int) {
        admission.withLock { $0.hold(bytes) }
        heldBytes.increment(by: Double(bytes))
    }

    func release(_ bytes: Int) {
        admission.withLock { $0.release(bytes) }
        heldBytes.decrement(by: Double(bytes))
    }

    private func count(_ demand: Admission.Demand, _ one: Double) {
        if demand.kind == .waiting { waiting.increment(by: one) }
        if demand.bytes > 0 { heldBytes.increment(by: one * Double(demand.bytes)) }
    }

    // MARK: - Connections

    func connect() -> Admission.Entrance {
        connections.increment()
        return admission.withLock { $0.connect() }
    }

    func disconnect() {
        connections.decrement()
        admission.withLock { $0.disconnect() }
    }

    var openConnections: Int { admission.withLock { $0.connections } }

    func ended(_ reason: ConnectionState.Ending) { endings[reason]?.increment() }
}
