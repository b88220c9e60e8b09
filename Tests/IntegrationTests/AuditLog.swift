import Audit
import Commands
import EventLog
import Foundation
import Projector

/// A log made by the real fold on a real database: puts, deletions, refusals, expiries, used idempotency keys.
struct AuditLog {
    let database: TestDatabase
    let cluster: ClusterDescription

    static let partitions = 2
    static let tables = ["events", "kv", "partitions", "origins"]

    init(partitions: Int = partitions) async throws {
        database = try await TestDatabase.migrated(partitions: partitions)
        cluster = try await ClusterDescription.load(database.configuration())
    }

    var source: PostgresSnapshotSource { PostgresSnapshotSource(database.configuration()) }

    /// - Parameters:
    ///   - rounds: six events each in every partition, more or less.
    ///   - from: the number of the first round.
    func write(rounds: Range<Int>, value: String = "value") async throws {
        let store = PostgresEventStore(database.configuration())
        let issuer = CommandIDIssuer(secret: cluster.secret)
        for round in rounds {
            for partition in cluster.partitioner.partitions {
                let keys = keys(of: partition)
                func at(_ seconds: Int) -> Timestamp {
                    Timestamp(microseconds: 1_700_000_000_000_000 + Int64(round * 100 + seconds) * 1_000_000)
                }
                func command(
                    _ key: Int, _ operation: Command.Operation, _ precondition: Precondition = .none,
                    ttl: Duration? = nil,
                    named: String? = nil
                ) -> Command {
                    Command(
                        id: named.map { issuer.derived(principal: "p", key: keys[key], idempotencyKey: $0) }
                            ?? issuer.next(at: at(0)),
                        operation: operation, key: keys[key], precondition: precondition, timeToLive: ttl,
                        principal: "alice", issuedAt: at(0),
                        fingerprint: named.map { _ in
                            Fingerprint(of: operation, precondition: precondition, timeToLive: ttl)
                        }, traceparent: "00-00000000000000000000000000000001-0000000000000001-01")
                }
                func put(_ text: String) -> Command.Operation {
                    .put(Content(value: Data("\(value) \(text) \(round)".utf8), type: "text/plain"))
                }
                let batches: [(Timestamp, [Command])] = [
                    (
                        at(1),
                        [
                            command(0, put("a")), command(1, put("b")), command(round % 3 + 2, put("c")),
                            command(0, .delete, .absent), command(5, put("short"), ttl: .seconds(10)),
                        ]
                    ),
                    (
                        at(20),
                        [
                            command(1, .delete), command(6, put("named"), named: "once"), command(5, put("again")),
                            command(round + 10, put("own")),
                        ]
                    ),
                ]
                for (index, (time, commands)) in batches.enumerated() {
                    let dots = commands.indices.map {
                        Dot(origin: Origin(7), n: UInt64(round * 20 + index * 10 + $0 + 1))
                    }
                    try await apply(Array(zip(commands, dots)), to: partition, at: time, store)
                }
            }
        }
        await store.close()
    }

    private func apply(
        _ commands: [(Command, Dot)], to partition: Partition, at time: Timestamp, _ store: PostgresEventStore
    ) async throws {
        let read = BatchRead(
            partition: partition, epoch: 0, keys: Array(Set(commands.map(\.0.key))),
            origins: Array(Set(commands.map(\.1.origin))), commandIDs: commands.map(\.0.id))
        _ = try await store.transact(read) { snapshot in
            var fold = Fold(onto: snapshot, at: time, salts: Data((0..<512).map { UInt8($0 % 251) }))
            for (command, dot) in commands { fold.apply(command, as: dot) }
            return fold.decision
        }
    }

    /// - Parameter n: how many erasures there were, with this one.
    func erase(_ key: Key, _ erasure: Erasure, n: UInt64) async throws {
        let store = PostgresEventStore(database.configuration())
        let now = Timestamp(microseconds: 1_800_000_000_000_000 + Int64(n))
        let command = Command(
            id: CommandIDIssuer(secret: cluster.secret).next(at: now), operation: .erase(erasure), key: key,
            principal: "dpo", issuedAt: now)
        try await apply(
            [(command, Dot(origin: Origin(8), n: n))], to: cluster.partitioner.partition(of: key), at: now, store)
        await store.close()
    }

    /// The versions of a key that were put, in order.
    func puts(of key: Key) throws -> [UInt64] {
        let found = try database.sql().one(
            "SELECT string_agg(seq::text, ' ' ORDER BY seq) FROM events WHERE kind = 'put' AND key = '\(key)'")
        return (found ?? "").split(separator: " ").map { UInt64($0)! }
    }

    /// Forty keys that belong to the partition.
    func keys(of partition: Partition) -> [Key] {
        Array(
            (0...).lazy.map { Key(trusted: "key/\($0)") }.filter { cluster.partitioner.partition(of: $0) == partition }
                .prefix(40))
    }

    func verify(_ configure: (inout VerificationOptions) -> Void = { _ in }) async throws -> VerificationReport {
        var options = VerificationOptions()
        configure(&options)
        return try await Verification(source, partitioner: cluster.partitioner, options: options).run()
    }

    func checkpoints(_ signer: NoteSigner) async throws -> [Checkpoint] {
        try await source.heads().map {
            try Checkpoint(
                MerkleFrontier(size: $0.sequence, encoded: $0.tree)!, of: $0.partition, cluster: cluster.id,
                signedBy: signer)
        }
    }

    /// Keeps what stands there, for `restore`.
    func backUp(_ sql: SQL) throws {
        for table in Self.tables { try sql.run("CREATE TABLE backup_\(table) AS SELECT * FROM \(table)") }
    }

    func restore(_ sql: SQL) throws {
        for table in Self.tables {
            try sql.run("TRUNCATE \(table); INSERT INTO \(table) SELECT * FROM backup_\(table)")
        }
    }
}
