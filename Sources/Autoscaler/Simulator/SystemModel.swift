/// What the simulator knows of Tidemark: every constant, and where it comes from. `docs/autoscaling.md` shows what the model
/// makes of them beside what was measured.
package struct SystemModel: Sendable, Equatable {
    // MARK: Gateways. An instance has one processor.

    package var gatewayProcessors = 1.0
    /// Seconds of a gateway's processor that a cached GET takes. Measured: docs/benchmarks.md, "Processor time per request".
    package var readProcessorTime = 52e-6
    /// The same of an asynchronous PUT. Measured there.
    package var writeProcessorTime = 70e-6
    /// What a read takes beside waiting for the processor: Redis' round trip. Assumed from the 4 ms with 64 clients at
    /// full load (docs/reliability.md, "Overload"), most of which is waiting.
    package var readSeconds = 0.5e-3
    /// What a write takes beside that: the broker's confirm. Measured: 0.56 ms for a bare confirm and commit
    /// (docs/benchmarks.md), and the millisecond that the publisher may gather (decision 9).
    package var writeSeconds = 1.5e-3
    /// The 99th percentile as a multiple of the mean. Measured: 2.6 to 3.3 at 64 and 256 clients (docs/reliability.md,
    /// "Overload": the mean is clients by answers a second); below the 4.6 of an exponential distribution.
    package var percentileFactor = 3.0
    /// Requests of a kind under way in a gateway before more are refused: `Admission.Limits.requests`.
    package var requestLimit = 512.0
    /// Until a gateway that hangs or vanishes without closing its connections is gone round. Measured: 1.06 s
    /// (docs/reliability.md, SIGSTOP of a gateway).
    package var failover = 1.06

    // MARK: Projectors. An instance has one processor.

    /// Commands a second that one applies from full queues. Measured: 82,120 on two processors, which were the
    /// database's as well (docs/benchmarks.md): half of it for one processor, which is too low where the database has
    /// processors of its own.
    package var applyRate = 41_060.0
    /// The most a partition applies, however idle its projector: its transactions follow each other. Measured: the same run
    /// had two partitions.
    package var partitionRate = 41_060.0
    package var partitions = 16
    /// How long a killed projector's partitions stand still. Measured: 4.3, 5.0 and 5.4 s; leases stand for 5 s.
    package var takeover = 5.4
    /// How long a partition stands still that is handed over by one that lives. Measured: after a SIGTERM the other one had all
    /// partitions within 0.8 to 1.3 s.
    package var handOver = 1.0
    /// Seconds that a projector rests after a small batch, so that this much of the load always waits:
    /// `ProjectorConfiguration.longestRest`.
    package var rest = 0.05
    /// Commands that a partition's queue holds: 100,000 messages (`RabbitMQConfiguration.queueMessages`) of the 14 commands
    /// that one has when busy (decision 9). Beyond it, writes are refused.
    package var queueLimit = 1_400_000.0

    // MARK: Instances that come and go

    /// From the wish to a process that runs: image, scheduling, health check, the balancer's look-up. Assumed: it is the
    /// platform's, not ours.
    package var placement = 15.0
    /// From the process' start until `/readyz` says so. Measured: 0.25 to 0.51 s.
    package var gatewayStart = 0.5
    /// The same. Measured: 0.20 to 0.33 s; partitions come to it 1.1 to 2.5 s later.
    package var projectorStart = 2.5
    /// From SIGTERM until the process has ended: idle connections stay for 5 s (decision 13).
    package var gatewayDrain = 5.0
    /// Measured: 0.16 to 0.54 s.
    package var projectorDrain = 0.5
    /// Until the platform notices that an instance is gone. Assumed: two health checks of 5 s.
    package var detection = 10.0

    // MARK: What the autoscaler sees

    /// Seconds between two looks, and how old what it sees is on average. `Setting.autoscalerInterval`.
    package var interval = 5.0
    /// How much the load of a second differs from the trace, as a standard deviation. Assumed.
    package var noise = 0.03
    /// How often a look misses the metrics of a role, as a probability. Assumed.
    package var missing = 0.005

    package init() {}

    /// Requests a second of this mix that a gateway can answer.
    package func gatewayCapacity(reads: Double, writes: Double) -> Double {
        let work = reads * readProcessorTime + writes * writeProcessorTime
        return work > 0 ? gatewayProcessors * (reads + writes) / work : gatewayProcessors / readProcessorTime
    }
}
