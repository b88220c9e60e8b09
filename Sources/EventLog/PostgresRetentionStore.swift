package import Commands
package import Foundation

/// The log as erasure, archiving and export see it. What it writes is safe to run twice.
package final class PostgresRetentionStore: Sendable {
    let lanes: ReadLanes

    /// Starts the thread, which connects by itself.
    package init(_ configuration: PostgresConfiguration) {
        lanes = ReadLanes(configuration, name: "retention", role: .retention, connections: 2, maximumWaiting: 10_000)
    }

    /// Finishes what was asked, then ends threads and connections.
    package func close() async { await lanes.close() }

    // MARK: - What there is to erase

    /// Keys of the partition that have a value in the log or a dead letter, past or present, in byte order.
    package func erasableKeys(
        in partition: Partition, prefix: String, after: Key?, limit: Int
    ) async throws(EventLogError) -> [Key] {
        let range = PrefixRange(prefix)
        return try await lanes.run { connection throws(PostgresFailure) in
            connection.parameters.int8(Int64(partition.number))
            connection.parameters.text(range.lower)
            connection.parameters.text(after?.text ?? "")
            connection.parameters.text(range.upper)
            connection.parameters.int8(Int64(limit))
            connection.parameters.bytes(ErasedVersions.inPlaceOfCommands)
            try connection.send(Statements.erasableKeys)
        } receive: { connection throws(PostgresFailure) in
            try connection.next().keys()
        }
    }

    /// Versions of the key whose values still stand, here or in the archive; and how many dead letters hold one.
    package func erasable(
        _ key: Key, in partition: Partition, first: UInt64, last: UInt64?
    ) async throws(EventLogError) -> (versions: [UInt64], deadLetters: Int) {
        try await lanes.run { connection throws(PostgresFailure) in
            connection.parameters.int8(Int64(partition.number))
            connection.parameters.text(key.text)
            connection.parameters.int8(Int64(clamping: first))
            connection.parameters.int8(Int64(clamping: last ?? .max))
            try connection.send(Statements.erasableVersions)
            connection.parameters.int8(Int64(partition.number))
            connection.parameters.text(key.text)
            connection.parameters.bytes(ErasedVersions.inPlaceOfCommands)
            try connection.send(Statements.erasableDeadLetters)
        } receive: { connection throws(PostgresFailure) in
            let versions = try connection.next()
            let sequences = (0..<versions.rowCount).map { versions.unsigned($0, 0) }
            return try (sequences, Int(connection.next().int8(0, 0)))
        }
    }

    // MARK: - The log

    /// A page of the partition's events, all columns; `valueBytes`: the last row is the one whose value makes it more.
    package func events(
        in partition: Partition, after sequence: UInt64, limit: Int, valueBytes: Int
    ) async throws(EventLogError) -> [Event] {
        try await lanes.run { connection throws(PostgresFailure) in
            connection.parameters.int8(Int64(partition.number))
            connection.parameters.int8(Int64(clamping: sequence))
            connection.parameters.int8(Int64(limit))
            connection.parameters.int8(Int64(valueBytes))
            try connection.send(Statements.eventsAfter)
        } receive: { connection throws(PostgresFailure) in
            try connection.next().events(in: partition)
        }
    }

    /// Positions whose values were erased.
    package func erasedVersions(
        in partition: Partition, first: UInt64, last: UInt64
    ) async throws(EventLogError) -> Set<UInt64> {
        try await lanes.run { connection throws(PostgresFailure) in
            connection.parameters.int8(Int64(partition.number))
            connection.parameters.int8(Int64(first))
            connection.parameters.int8(Int64(last))
            try connection.send(Statements.erasedVersions)
        } receive: { connection throws(PostgresFailure) in
            let result = try connection.next()
            return Set((0..<result.rowCount).map { result.unsigned($0, 0) })
        }
    }

    package func head(
        of partition: Partition
    ) async throws(EventLogError) -> (sequence: UInt64, tree: MerkleFrontier) {
        let head = try await lanes.run { connection throws(PostgresFailure) in
            connection.parameters.int8(Int64(partition.number))
            try connection.send(Statements.partitionHead)
        } receive: { connection throws(PostgresFailure) in
            let result = try connection.next()
            return result.rowCount == 1 ? (result.unsigned(0, 0), result.data(0, 1)) : nil
        }
        guard let head, let tree = MerkleFrontier(size: head.0, encoded: head.1) else { throw .noPartition(partition) }
        return (head.0, tree)
    }

    // MARK: - The archive

    /// Its files, by partition and position.
    package func archives(of partition: Partition? = nil) async throws(EventLogError) -> [ArchiveEntry] {
        try await lanes.run { connection throws(PostgresFailure) in
            guard let partition else { return try connection.send(Statements.archives) }
            connection.parameters.int8(Int64(partition.number))
            try connection.send(Statements.archivesOfPartition)
        } receive: { connection throws(PostgresFailure) in
            try connection.next().archives()
        }
    }

    /// Makes the file part of the archive, in place of an earlier one of the same events.
    ///
    /// - Returns: whether it was taken; another one begins there otherwise.
    package func register(_ entry: ArchiveEntry) async throws(EventLogError) -> Bool {
        try await lanes.run { connection throws(PostgresFailure) in
            connection.parameters.int8(Int64(entry.partition.number))
            connection.parameters.int8(Int64(entry.first))
            connection.parameters.int8(Int64(entry.last))
            connection.parameters.text(entry.file)
            connection.parameters.bytes(entry.checksum)
            connection.parameters.bytes(entry.tree.encoded)
            try connection.send(Statements.registerArchive)
        } receive: { connection throws(PostgresFailure) in
            try connection.next().rowCount == 1
        }
    }

    /// Removes archived values of positions after `sequence`, up to `through`, from the log, except those that are their key's
    /// present ones.
    ///
    /// - Returns: how many.
    package func takeValues(
        in partition: Partition, after sequence: UInt64, through: UInt64
    ) async throws(EventLogError) -> Int {
        try await lanes.run { connection throws(PostgresFailure) in
            connection.parameters.int8(Int64(partition.number))
            connection.parameters.int8(Int64(sequence))
            connection.parameters.int8(Int64(through))
            try connection.send(Statements.takeArchivedValues)
        } receive: { connection throws(PostgresFailure) in
            try connection.next().rowCount
        }
    }

    // MARK: - Moving a store

    /// Gives an empty store the identity of the one whose history it gets.
    ///
    /// - Returns: whether it was empty.
    package func adopt(cluster id: UUID, secret: Data) async throws(EventLogError) -> Bool {
        try await lanes.run { connection throws(PostgresFailure) in
            connection.parameters.uuid(id)
            connection.parameters.bytes(secret)
            try connection.send(Statements.adoptCluster)
        } receive: { connection throws(PostgresFailure) in
            try connection.next().rowCount == 1
        }
    }
}

extension PostgresResult {
    fileprivate func archives() -> [ArchiveEntry] {
        (0..<rowCount).compactMap { row in
            MerkleFrontier(size: unsigned(row, 2), encoded: data(row, 5)).map { tree in
                ArchiveEntry(
                    partition: Partition(Int(int8(row, 0))), first: unsigned(row, 1), last: unsigned(row, 2),
                    file: text(row, 3), checksum: data(row, 4), tree: tree)
            }
        }
    }
}
