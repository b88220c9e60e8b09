import ArgumentParser
import Commands
import Foundation
import SplitMix

/// The least that storing the same rows can cost: COPY into the log, upsert into the projection, commit. No reading of
/// state, no hashing, no queue, no cache.
struct CopyUpsert: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "copy-upsert", abstract: "COPY events and upsert the projection in a bare loop over libpq.",
        discussion: "The database was made by `tidemark migrate` and is empty.")

    @OptionGroup var load: Load

    @Option(help: "libpq connection string of an empty, migrated database.")
    var databaseURL: String

    @Option(help: "Events in a transaction.")
    var batch = 1_000

    func run() throws {
        let session = try PostgresSession(databaseURL)
        let partitioner = Partitioner(count: Int(try session.run("SELECT partitions FROM cluster") ?? "") ?? 16)
        try session.run("SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE")
        try session.prepare("upsert", Self.upsert)

        // By partition, as the queues would have them.
        var waiting = [[Key]](repeating: [], count: partitioner.count)
        var batches: [(partition: Int, keys: [Key])] = []
        for key in load.sequence() {
            let partition = partitioner.partition(of: key).number
            waiting[partition].append(key)
            if waiting[partition].count == batch {
                batches.append((partition, waiting[partition]))
                waiting[partition] = []
            }
        }
        for (partition, keys) in waiting.enumerated() where !keys.isEmpty { batches.append((partition, keys)) }

        var writer = BatchWriter(session: session, partitions: partitioner.count)
        let began = ContinuousClock.now
        for (partition, keys) in batches { try writer.write(keys, to: partition) }
        let seconds = (ContinuousClock.now - began) / .seconds(1)
        print("copy_upsert_events_per_second=\(Int(Double(load.events) / seconds))")
    }

    /// The statement that the projector has for it.
    private static let upsert = """
        INSERT INTO kv (
            key, partition, version, created_version, value, content_type, expires_at, deleted, modified_at)
        SELECT u.key, u.partition, u.version, u.version, u.value, u.content_type, NULL, u.deleted, u.modified_at
        FROM unnest($1::text[], $2::int8[], $3::int8[], $4::bytea[], $5::text[], $6::bool[], $7::timestamptz[])
            AS u (key, partition, version, value, content_type, deleted, modified_at)
        ON CONFLICT (key) DO UPDATE SET
            partition = excluded.partition, version = excluded.version, created_version = excluded.created_version,
            value = excluded.value, content_type = excluded.content_type, expires_at = excluded.expires_at,
            deleted = excluded.deleted, modified_at = excluded.modified_at
        """
}

/// Writes one batch after the other and keeps the sequences.
private struct BatchWriter {
    let session: PostgresSession
    var sequences: [Int64]
    var random = SplitMix64(seed: 7)
    var number = 0

    init(session: PostgresSession, partitions: Int) {
        self.session = session
        sequences = Array(repeating: 0, count: partitions)
    }

    mutating func write(_ keys: [Key], to partition: Int) throws {
        let now = Int64((Date.now.timeIntervalSinceReferenceDate + 31_622_400) * 1_000_000)  // since 2000
        var rows = BinaryRows.copy
        var last: [Key: (version: Int64, value: [UInt8])] = [:]
        for key in keys {
            sequences[partition] += 1
            number += 1
            let value = Load.value(number)
            last[key] = (sequences[partition], value)
            append(key, value, Int64(partition), sequences[partition], now, to: &rows)
        }
        rows.endCopy()
        for attempt in 1... {
            do {
                try session.run("BEGIN")
                try session.copy(into: "events", rows)
                try upsert(last, Int64(partition), now)
                try session.run("COMMIT")
                return
            } catch  where attempt < 10 {
                // At SERIALIZABLE a transaction may fail and has to be run again (40001).
                try session.run("ROLLBACK")
            }
        }
    }

    /// In the order of the table's columns. Hashes and ids are random bytes of their size.
    private mutating func append(
        _ key: Key, _ value: [UInt8], _ partition: Int64, _ sequence: Int64, _ now: Int64, to rows: inout BinaryRows
    ) {
        rows.beginRow(columns: 21)
        rows.field(partition)
        rows.field(sequence)
        rows.field("put".utf8)
        rows.field(key.text.utf8)
        rows.field(value)
        rows.field(bytes(16))  // value_salt
        rows.field(bytes(32))  // value_commitment
        rows.field(Int64(value.count))
        rows.field(Content.defaultType.utf8)
        rows.null()  // expires_at
        rows.field(sequence)  // previous_version
        rows.null()  // reason
        rows.field("anonymous".utf8)
        rows.field(identifier())
        rows.null()  // fingerprint
        rows.field(1 as Int64)  // origin
        rows.field(sequence)  // origin_seq
        rows.null()  // traceparent
        rows.field(now)
        rows.field(now)
        rows.field(bytes(32))  // leaf_hash
    }

    private func upsert(
        _ last: [Key: (version: Int64, value: [UInt8])], _ partition: Int64, _ now: Int64
    ) throws {
        // The types' numbers in pg_type: text, int8, bytea, bool, timestamptz.
        var columns = [25, 20, 20, 17, 25, 16, 1_184].map { BinaryRows.array(of: $0, count: last.count) }
        for (key, state) in last {
            columns[0].field(key.text.utf8)
            columns[1].field(partition)
            columns[2].field(state.version)
            columns[3].field(state.value)
            columns[4].field(Content.defaultType.utf8)
            columns[5].field(false)
            columns[6].field(now)
        }
        try session.run("upsert", columns.map(\.bytes))
    }

    private mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count / 8).flatMap { _ in withUnsafeBytes(of: random.next()) { Array($0) } }
    }

    /// Ordered by time, as a UUIDv7 is.
    private mutating func identifier() -> [UInt8] {
        withUnsafeBytes(of: UInt64(number).bigEndian) { Array($0) } + bytes(8)
    }
}
