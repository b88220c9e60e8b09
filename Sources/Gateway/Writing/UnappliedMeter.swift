package import Commands
import Metrics
package import ServiceLifecycle

/// Measures, every second, what this gateway has promised with `202` and no projector has applied yet. It grows too when
/// no projector runs at all.
///
/// Costs nothing while everything is applied, and otherwise one statement a second. While the database can't be asked, what it
/// said last holds.
package struct UnappliedMeter: Service {
    private static let interval = Duration.seconds(1)

    private let partitions: Int
    private let confirmed: @Sendable () -> [UInt64]
    private let applied: @Sendable () async throws -> [Partition: UInt64]
    private let commands = Gauge(label: "tidemark_publish_unapplied_commands")
    private let age = Gauge(label: "tidemark_publish_oldest_unapplied_seconds")

    /// - Parameters:
    ///   - confirmed: by partition, the highest n of this run that was accepted.
    ///   - applied: the highest n of this run that the log has, of partitions that have any.
    package init(
        partitions: Int, confirmed: @escaping @Sendable () -> [UInt64],
        applied: @escaping @Sendable () async throws -> [Partition: UInt64]
    ) {
        self.partitions = partitions
        self.confirmed = confirmed
        self.applied = applied
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            var unapplied = UnappliedCommands(partitions: partitions)
            while !Task.isCancelled {
                unapplied.accepted(confirmed(), at: .now)
                if unapplied.count > 0, let highest = try? await applied() { unapplied.applied(highest) }
                commands.record(Double(unapplied.count))
                age.record(unapplied.oldest.map { $0.duration(to: .now) / .seconds(1) } ?? 0)
                try? await Task.sleep(for: Self.interval)
            }
        }
    }
}
