import Commands
import Metrics

/// The projector's metrics, made once (`docs/metrics.md` lists them).
struct ProjectorMetrics: Sendable {
    let batchCommands = Recorder(label: "tidemark_projector_batch_commands")
    let commandsApplied = Counter(label: "tidemark_projector_commands_applied_total")
    let redelivered = Counter(label: "tidemark_projector_commands_redelivered_total")
    let deadLettered = Counter(label: "tidemark_projector_dead_letters_total")
    let revived = Counter(label: "tidemark_projector_dead_letters_revived_total")
    let trials = Counter(label: "tidemark_projector_trials_total")
    let undecodable = Counter(label: "tidemark_projector_undecodable_messages_total")
    /// From a command's acceptance in the gateway to its commit; of the oldest command in each batch.
    let lag = Metrics.Timer(label: "tidemark_projector_lag_seconds")
    let expired = Counter(label: "tidemark_projector_values_expired_total")
    let originsForgotten = Counter(label: "tidemark_projector_origins_forgotten_total")
    let partitionsOwned = Gauge(label: "tidemark_projector_partitions_owned")
    let partitions = Gauge(label: "tidemark_projector_partitions")
    let takeovers = Counter(label: "tidemark_projector_takeovers_total")
    let retries = Counter(label: "tidemark_projector_batch_retries_total")
}
