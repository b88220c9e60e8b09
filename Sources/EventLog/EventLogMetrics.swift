import Metrics
import Synchronization

/// The metrics of everything that talks to the database (`docs/metrics.md` lists them). Made once for each part.
final class EventLogMetrics: Sendable {
    /// From taking a batch to its commit, retries included.
    let transactionDuration = Metrics.Timer(label: "tidemark_transaction_duration_seconds")
    let eventsAppended = Counter(label: "tidemark_events_appended_total")
    /// Reads of the log and the projection, by gateways and tools.
    let reads = Counter(label: "tidemark_database_reads_total")
    /// Round trips that carried them: reads that gather share one.
    let readPipelines = Counter(label: "tidemark_database_read_pipelines_total")
    /// Refused because too many were waiting.
    let overloaded = Counter(label: "tidemark_database_overloaded_total")
    private let serializationRetries = retries("serialization")
    private let deadlockRetries = retries("deadlock")
    /// Of all pools of the role, which share their series.
    private let connectedMeter: Meter
    private let busyMeter: Meter
    private let waitingMeter: Meter
    private let connectedCount = Atomic(0)

    init(role: PostgresRole) {
        let dimensions = [("role", role.rawValue)]
        connectedMeter = Meter(label: "tidemark_database_connected", dimensions: dimensions)
        busyMeter = Meter(label: "tidemark_database_busy", dimensions: dimensions)
        waitingMeter = Meter(label: "tidemark_database_requests_waiting", dimensions: dimensions)
    }

    func retried(sqlState: String?) {
        (sqlState == "40P01" ? deadlockRetries : serializationRetries).increment()
    }

    var connections: Int { connectedCount.load(ordering: .relaxed) }

    func connected() {
        connectedCount.add(1, ordering: .relaxed)
        connectedMeter.increment()
    }

    func disconnected() {
        connectedCount.subtract(1, ordering: .relaxed)
        connectedMeter.decrement()
    }

    /// A connection has something to do.
    func began() { busyMeter.increment() }
    func idled() { busyMeter.decrement() }

    func queued() { waitingMeter.increment() }
    func dequeued(_ count: Int) { waitingMeter.decrement(by: Double(count)) }

    private static func retries(_ reason: String) -> Counter {
        Counter(label: "tidemark_transaction_retries_total", dimensions: [("reason", reason)])
    }
}
