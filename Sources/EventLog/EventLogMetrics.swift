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
    private let connectedGauge: Gauge
    private let connectedCount = Atomic(0)

    init(role: PostgresRole) {
        connectedGauge = Gauge(label: "tidemark_database_connected", dimensions: [("role", role.rawValue)])
        connectedGauge.record(0)
    }

    func retried(sqlState: String?) {
        (sqlState == "40P01" ? deadlockRetries : serializationRetries).increment()
    }

    var connections: Int { connectedCount.load(ordering: .relaxed) }

    func connected() {
        connectedGauge.record(connectedCount.add(1, ordering: .relaxed).newValue)
    }

    func disconnected() {
        connectedGauge.record(connectedCount.subtract(1, ordering: .relaxed).newValue)
    }

    private static func retries(_ reason: String) -> Counter {
        Counter(label: "tidemark_transaction_retries_total", dimensions: [("reason", reason)])
    }
}
