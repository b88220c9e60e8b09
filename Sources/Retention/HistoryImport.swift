package import Commands
package import EventLog
package import Foundation

/// Brings a store's history into an empty database: events, projection, trees and version vectors become what they were.
///
/// A run that was interrupted goes on where it stopped. Projectors must not run on the database meanwhile; that none begins is
/// seen to by taking every partition's lease.
package struct HistoryImport {
    private static let pageEvents = 500
    private static let pageValueBytes = 4 << 20
    private static let leaseDuration = Duration.seconds(600)
    private static let attempts = 10

    private let file: URL
    private let database: PostgresConfiguration
    private let worker = WorkerID()

    package init(_ file: URL, database: PostgresConfiguration) {
        self.file = file
        self.database = database
    }

    /// - Parameter progress: called with the number of events so far.
    /// - Returns: how many events the store has now.
    package func run(progress: (UInt64) throws -> Void = { _ in }) async throws -> UInt64 {
        let file = file
        // The whole file first: what is damaged is found before anything is written.
        let (header, trailer) = try await FileThread.run { try Self.check(file) }
        let store = PostgresRetentionStore(database)
        let log = PostgresEventStore(database, connections: 1)
        let leases = PostgresLeaseStore(database)
        do {
            let partitioner = try await prepare(header, store, leases)
            try await copy(partitioner, store, log, leases, progress: progress)
            for partition in partitioner.partitions {
                guard try await store.head(of: partition).tree.encoded == trailer.trees[partition.number] else {
                    throw RetentionError("Partition \(partition): its tree is not the one that was exported.")
                }
            }
            try await leases.leave(worker)
        } catch {
            try? await leases.leave(worker)
            await close(store, log, leases)
            throw error
        }
        await close(store, log, leases)
        return trailer.events
    }

    private func close(
        _ store: PostgresRetentionStore, _ log: PostgresEventStore, _ leases: PostgresLeaseStore
    ) async {
        await store.close()
        await log.close()
        await leases.close()
    }

    private static func check(_ file: URL) throws -> (HistoryHeader, RecordTrailer) {
        let reader = try RecordReader(file)
        guard let line = try reader.next(), let header = try? JSONDecoder().decode(HistoryHeader.self, from: line),
            header.tidemark == "history", header.format == 1, Partitioner.allowedCounts.contains(header.partitions)
        else { throw RetentionError("\(file.path) is no history that `tidemark export --history` wrote.") }
        while try reader.next() != nil {}
        guard let trailer = reader.trailer else { throw RetentionError("\(file.path) is cut short.") }
        return (header, trailer)
    }

    private func prepare(
        _ header: HistoryHeader, _ store: PostgresRetentionStore, _ leases: PostgresLeaseStore
    ) async throws -> Partitioner {
        let cluster = try await Migrator.migrate(database, partitions: header.partitions)
        let table = try await leases.renew(worker, name: "import", for: Self.leaseDuration)
        guard table.workers == [worker] else {
            throw RetentionError("A projector works on this database: stop it first, and its gateways.")
        }
        let adopted = try await store.adopt(cluster: header.cluster, secret: header.secret)
        guard adopted || cluster.id == header.cluster else {
            throw RetentionError(
                "The database holds another store already: a history goes into an empty one. Nothing was changed.")
        }
        return cluster.partitioner
    }

    private func copy(
        _ partitioner: Partitioner, _ store: PostgresRetentionStore, _ log: PostgresEventStore,
        _ leases: PostgresLeaseStore, progress: (UInt64) throws -> Void
    ) async throws {
        let reader = try RecordReader(file)
        _ = try reader.next()
        var count: UInt64 = 0
        var partition: Partition?
        var epoch: UInt64 = 0
        var tree = MerkleFrontier()
        var present = (sequence: UInt64(0), tree: MerkleFrontier())
        var page: [Event] = []
        var bytes = 0
        func flush() async throws {
            guard let partition, !page.isEmpty else { return }
            try await write(page, to: partition, epoch: epoch, log)
            count += UInt64(page.count)
            try progress(count)
            page.removeAll(keepingCapacity: true)
            bytes = 0
        }
        let decoder = JSONDecoder()
        while let line = try reader.next() {
            let record = try decoder.decode(EventRecord.self, from: line)
            guard let number = record.partition, number < partitioner.count else {
                throw RetentionError("\(file.path): an event names no partition of this store.")
            }
            if number != partition?.number {
                try await flush()
                let next = Partition(number)
                _ = try await leases.renew(worker, name: "import", for: Self.leaseDuration)
                guard let taken = try await leases.acquire(next, by: worker, for: Self.leaseDuration) else {
                    throw RetentionError("Partition \(next) belongs to a projector: stop it first.")
                }
                (partition, epoch, tree) = (next, taken, MerkleFrontier())
                present = try await store.head(of: next)
            }
            let event = try record.event(in: Partition(number))
            try event.checkIntegrity()
            tree.append(leafHash: event.leafHash)
            guard event.sequence == tree.size else {
                throw RetentionError("\(file.path): event \(tree.size) of partition \(number) is missing.")
            }
            if event.sequence <= present.sequence {
                guard event.sequence < present.sequence || tree == present.tree else {
                    throw RetentionError("Partition \(number) of the database has other events than the file.")
                }
                count += 1
                continue
            }
            page.append(event)
            bytes += event.content?.value.count ?? 0
            if page.count == Self.pageEvents || bytes >= Self.pageValueBytes { try await flush() }
        }
        try await flush()
    }

    private func write(
        _ page: [Event], to partition: Partition, epoch: UInt64, _ log: PostgresEventStore
    ) async throws {
        let read = BatchRead(
            partition: partition, epoch: epoch, keys: Array(Set(page.map(\.key))), origins: [], commandIDs: [])
        for attempt in 1...Self.attempts {
            do throws(EventLogError) {
                _ = try await log.transact(read) { .write(BatchWrite(replaying: page, onto: $0)) }
                return
            } catch {
                let passes: Set<EventLogError.Code> = [.contended, .outcomeUnknown, .unavailable, .overloaded]
                guard passes.contains(error.code), attempt < Self.attempts else { throw error }
            }
            try await Task.sleep(for: .milliseconds(100 * attempt))
        }
    }
}
