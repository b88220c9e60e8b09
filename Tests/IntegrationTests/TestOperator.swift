import Audit
import Commands
import EventLog
import Foundation
import Gateway
import Retention

/// What the operator's tools work with, over the real parts.
final class TestOperator: Sendable {
    let cluster: TestCluster
    let store: PostgresRetentionStore
    let log: PostgresLogReader
    private let writer: Writer
    private let bus: RabbitMQPublisher

    init(_ cluster: TestCluster) async throws {
        self.cluster = cluster
        let partitioner = cluster.description.partitioner
        store = PostgresRetentionStore(cluster.database)
        let outcomes = OutcomeRegistry()
        log = PostgresLogReader(cluster.database, partitioner: partitioner)
        let bus = RabbitMQPublisher(
            configuration: cluster.bus, partitions: partitioner, logger: TestCluster.quiet
        ) { outcomes.resolve($0) }
        self.bus = bus
        writer = Writer(
            bus: bus, issuer: CommandIDIssuer(secret: cluster.description.secret), partitioner: partitioner,
            outcomes: outcomes, log: log, clock: SystemWallClock())
        try await eventually("bus ready", state: { bus.isReady }) { $0 }
    }

    func close() async {
        await bus.close()
        await log.close()
        await store.close()
    }

    func eraser(archive: Archive? = nil) -> Eraser {
        Eraser(store: store, partitioner: cluster.description.partitioner, archive: archive) { [writer] key, erasure in
            let result = try await writer.write(
                WriteRequest(operation: .erase(erasure), key: key, principal: "dpo", wait: .seconds(30)))
            guard case .ended(let outcome) = result else { throw RetentionError("\(key): not applied in time") }
            return outcome
        }
    }

    /// What `tidemark audit verify` finds wrong, with the archive at hand or without.
    func divergences(archive: Archive? = nil) async throws -> [Divergence] {
        let entries = try await store.archives()
        var options = VerificationOptions()
        for entry in entries { options.archivedThrough[entry.partition] = entry.last }
        let source = ArchivedSource(
            PostgresSnapshotSource(cluster.database), archive: archive, entries: entries, leavesOut: archive == nil)
        return try await Verification(source, partitioner: cluster.description.partitioner, options: options).run()
            .divergences
    }
}

extension TestCluster {
    func withOperator(_ body: (TestOperator) async throws -> Void) async throws {
        let tool = try await TestOperator(self)
        do {
            try await body(tool)
        } catch {
            await tool.close()
            throw error
        }
        await tool.close()
    }
}
