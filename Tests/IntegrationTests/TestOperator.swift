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

    /// Whether every leaf is what its row says, and every partition's tree is made of them.
    func treesHold() async throws -> Bool {
        for partition in cluster.description.partitioner.partitions {
            var tree = MerkleFrontier()
            for event in try await store.events(in: partition, after: 0, limit: 10_000, valueBytes: 64 << 20) {
                guard event.computedLeafHash == event.leafHash else { return false }
                if let salt = event.salt, let content = event.content,
                    Event.commitment(salt: salt, value: content.value) != event.commitment
                {
                    return false
                }
                tree.append(leafHash: event.leafHash)
            }
            guard try await store.head(of: partition).tree == tree else { return false }
        }
        return true
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
