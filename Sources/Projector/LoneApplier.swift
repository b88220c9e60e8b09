import Commands
import EventLog
import Logging
import Metrics

/// Applies what projectors may have died of, one piece at a time in the whole process, and counts before each piece: so what the
/// count of a piece grows by is what the process died of, and nothing else is set aside for it.
///
/// A whole message first; if the process dies again, its commands one by one.
struct LoneApplier: Sendable {
    typealias Item = BatchApplier.Item

    let partition: Partition
    let applier: BatchApplier
    /// One for the whole process.
    let gate: AsyncGate
    let tries: Int
    let metrics: ProjectorMetrics
    let logger: Logger

    /// - Parameters:
    ///   - items: consecutive commands of one origin.
    ///   - settle: applies the items, up to and including the invalidation.
    ///   - setAside: settles one item by setting it aside.
    /// - Returns: what `settle` and `setAside` return.
    func apply(
        _ items: [Item], settle: @escaping @Sendable ([Item]) async throws -> [Outcome],
        setAside: @escaping @Sendable (Item, _ reason: String) async throws -> [Outcome]
    ) async throws -> [Outcome] {
        guard let first = items.first else { return [] }
        let trial = Trial(partition: partition, first: first.dot, commands: items.count)
        let outcomes: [Outcome]?
        do {
            outcomes = try await gate.withGate {
                let begun = try await applier.begin(trial)
                metrics.trials.increment()
                logger.warning(
                    "applied alone: projectors may have died of it",
                    metadata: Logger.Metadata(first.command).merging(
                        ["commands": "\(items.count)", "attempt": "\(begun)"]) { $1 })
                if items.count > 1 { return begun > 1 ? nil : try await settle(items) }
                guard begun > tries else { return try await settle(items) }
                let reason = "crashed the projector (\(begun - 1) attempts)"
                logger.error(
                    "command set aside",
                    metadata: Logger.Metadata(first.command).merging(["error": "\(reason)"]) { $1 })
                return try await setAside(first, reason)
            }
        } catch {
            // The process lives, so it was not this. If the database can't be told, one attempt too many stays counted.
            try? await applier.end(trial)
            throw error
        }
        if let outcomes {
            try await applier.end(trial)
            return outcomes
        }
        var gathered: [Outcome] = []
        for item in items { gathered += try await apply([item], settle: settle, setAside: setAside) }
        try await applier.end(trial)
        return gathered
    }
}
