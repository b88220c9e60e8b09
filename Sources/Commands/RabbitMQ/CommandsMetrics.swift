import Metrics

/// What the bus counts and measures. `docs/` has the table of all names.
struct CommandsMetrics: Sendable {
    /// From writing a message to its confirm.
    let confirmDuration = Timer(label: "tidemark_publish_confirm_duration_seconds")
    /// Commands in a message: 1 when the gateway is idle, more the busier it is.
    let batchCommands = Recorder(label: "tidemark_publish_batch_commands", aggregate: true)
    /// Commands taken and not yet answered.
    let waitingCommands = Gauge(label: "tidemark_publish_waiting_commands")
    /// Commands that a majority of brokers has.
    let acceptedCommands = Counter(label: "tidemark_publish_commands_accepted_total")
    private let refused: [BusError.Code: Counter]

    init() {
        refused = Dictionary(
            uniqueKeysWithValues: BusError.Code.allCases.map { code in
                (code, Counter(label: "tidemark_publish_refused_total", dimensions: [("reason", code.rawValue)]))
            })
    }

    func countRefusal(_ code: BusError.Code) { refused[code]?.increment() }

    /// Outcomes that found no way to the gateway that waits for them; it asks the log when its time is up.
    static var outcomesDropped: Counter { Counter(label: "tidemark_outcomes_dropped_total") }

    /// Connections of this role to a broker after the first.
    static func reconnects(of connection: String) -> Counter {
        Counter(label: "tidemark_bus_reconnects_total", dimensions: [("connection", connection)])
    }
}
