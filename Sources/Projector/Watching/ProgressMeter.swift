package import Commands
import Metrics
package import ServiceLifecycle

/// Measures, every second, what a projector has still to apply in its partitions, and how far Redis may be behind,
/// whether or not anything is applied.
///
/// While a partition is not consumed, or the broker doesn't answer, nobody knows the backlog: then it is NaN.
package actor ProgressMeter: Service {
    private static let interval = Duration.seconds(1)

    private let worker: ProjectorWorker
    private let depths: QueueDepths
    private let clock: any WallClock
    private let commands = Gauge(label: "tidemark_projector_backlog_commands")
    private let age = Gauge(label: "tidemark_projector_oldest_unapplied_seconds")
    private let vectorAge = Gauge(label: "tidemark_cache_vector_age_seconds")
    /// When nothing waited in a partition, the last time that this was so.
    private var emptyAt: [Partition: Timestamp] = [:]

    /// - Parameter depth: messages in a partition's queue that were not delivered yet.
    package init(
        worker: ProjectorWorker, clock: any WallClock = SystemWallClock(),
        depth: @escaping @Sendable (Partition) async throws -> Int
    ) {
        self.worker = worker
        depths = QueueDepths(ask: depth)
        self.clock = clock
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await self.record()
                try? await Task.sleep(for: Self.interval)
            }
        }
    }

    private func record() async {
        let backlog = await measure()
        commands.record(backlog?.commands ?? .nan)
        if let backlog, backlog.isOldestKnown {
            age.record(backlog.oldest.map { max(0, (clock.now() - $0) / .seconds(1)) } ?? 0)
        } else {
            age.record(Double.nan)
        }
        vectorAge.record(await worker.vectorAge / .seconds(1))
    }

    /// - Returns: `nil` when it is not known.
    package func measure() async -> Backlog? {
        let now = clock.now()
        let unapplied = await worker.unapplied
        emptyAt = emptyAt.filter { unapplied.keys.contains($0.key) }
        var backlog = Backlog()
        for (partition, held) in unapplied {
            guard let held, let behind = try? await depths.depth(of: partition, behind: held, at: now) else {
                return nil
            }
            // What was held when the broker was asked is applied; what waits now came after that.
            if held.messages + behind.messages == 0 { emptyAt[partition] = behind.askedAt }
            backlog.add(held, behind: behind.messages, emptyAt: emptyAt[partition])
        }
        return backlog
    }
}
