package import Commands

/// The log and its projection as gateways and tools read them. Many point reads at once share a round trip.
package final class PostgresLogReader: LogReader {
    private let lanes: ReadLanes
    /// For change feeds: their pages don't hold up point reads, and few are in memory at once.
    let pages: ReadLanes
    private let partitions: [Partition]
    private let clock: any WallClock
    private let archive: (any ArchivedValues)?

    /// Starts the threads, which connect by themselves.
    ///
    /// - Parameters:
    ///   - connections: for point reads and lists; one more serves change feeds.
    ///   - partitioner: the cluster's.
    ///   - maximumWaiting: reads beyond those under way; more are `overloaded` at once.
    ///   - clock: by which values have expired.
    ///   - archive: where to read the values that are no longer in the log.
    package init(
        _ configuration: PostgresConfiguration, partitioner: Partitioner, connections: Int = 2,
        maximumWaiting: Int = 1_000, clock: any WallClock = SystemWallClock(),
        archive: (any ArchivedValues)? = nil
    ) {
        lanes = ReadLanes(configuration, name: "read", connections: connections, maximumWaiting: maximumWaiting)
        pages = ReadLanes(
            configuration, name: "pages", connections: 1, maximumWaiting: maximumWaiting, pipelineLimit: 8)
        partitions = partitioner.partitions
        self.clock = clock
        self.archive = archive
    }

    /// Whether at least one connection is open.
    package var isConnected: Bool { lanes.isConnected }

    /// Answers what was asked, then ends threads and connections.
    package func close() async {
        await lanes.close()
        await pages.close()
    }

    package func read(_ key: Key, in partition: Partition, origins: [Origin]) async throws(EventLogError) -> KeyReading
    {
        let reading =
            origins.isEmpty
            ? try await readWithSequence(key, partition) : try await readWithVector(key, partition, origins)
        guard let reading else { throw .noPartition(partition) }
        return reading
    }

    /// Of each partition that has anything of the origin, the highest n.
    package func applied(of origin: Origin) async throws(EventLogError) -> [Partition: UInt64] {
        try await lanes.run { [partitions] connection throws(PostgresFailure) in
            connection.parameters.int8s(partitions.map { Int64($0.number) })
            connection.parameters.int8(origin.bitPattern)
            try connection.send(Statements.appliedOfOrigin)
        } receive: { connection throws(PostgresFailure) in
            let result = try connection.next()
            return Dictionary(
                uniqueKeysWithValues: (0..<result.rowCount).map { row in
                    (Partition(Int(result.int8(row, 0))), result.unsigned(row, 1))
                })
        }
    }

    private func readWithSequence(_ key: Key, _ partition: Partition) async throws(EventLogError) -> KeyReading? {
        try await lanes.run { connection throws(PostgresFailure) in
            connection.parameters.int8(Int64(partition.number))
            connection.parameters.text(key.text)
            try connection.send(Statements.readKey)
        } receive: { connection throws(PostgresFailure) in
            let result = try connection.next()
            guard result.rowCount == 1 else { return nil }
            return KeyReading(
                value: result.isNull(0, 1) ? nil : result.storedValue(0, from: 1),
                vector: VersionVector(sequence: result.unsigned(0, 0)))
        }
    }

    /// First the vector, then the row: the row may be newer than the vector says, never older.
    private func readWithVector(
        _ key: Key, _ partition: Partition, _ origins: [Origin]
    ) async throws(EventLogError) -> KeyReading? {
        try await lanes.run { connection throws(PostgresFailure) in
            connection.parameters.int8(Int64(partition.number))
            connection.parameters.int8s(origins.map(\.bitPattern))
            try connection.send(Statements.vectorOfOrigins)
            connection.parameters.int8(Int64(partition.number))
            connection.parameters.text(key.text)
            try connection.send(Statements.readKey)
        } receive: { connection throws(PostgresFailure) in
            let vector = try connection.next().vector()
            let row = try connection.next()
            guard let vector, row.rowCount == 1 else { return nil }
            return KeyReading(value: row.isNull(0, 1) ? nil : row.storedValue(0, from: 1), vector: vector)
        }
    }

    package func list(
        prefix: String, after: Key?, limit: Int, valueBytes: Int?
    ) async throws(EventLogError) -> [ListedValue] {
        // No key holds NUL, and text with one can't be sent.
        guard !prefix.utf8.contains(0) else { return [] }
        let range = PrefixRange(prefix)
        let now = clock.now()
        return try await lanes.run { connection throws(PostgresFailure) in
            connection.parameters.text(range.lower)
            connection.parameters.text(after?.text ?? "")
            connection.parameters.text(range.upper)
            connection.parameters.timestamp(now)
            connection.parameters.int8(Int64(limit))
            connection.parameters.bool(valueBytes != nil)
            connection.parameters.int8(Int64(valueBytes ?? .max))
            try connection.send(Statements.listKeys)
        } receive: { connection throws(PostgresFailure) in
            try connection.next().listedValues()
        }
    }

    package func history(
        of key: Key, in partition: Partition, after: UInt64, limit: Int, valueBytes: Int?
    ) async throws(EventLogError) -> [Event] {
        let events = try await lanes.run { connection throws(PostgresFailure) in
            connection.parameters.int8(Int64(partition.number))
            connection.parameters.text(key.text)
            connection.parameters.int8(Int64(clamping: after))
            connection.parameters.int8(Int64(limit))
            connection.parameters.bool(valueBytes != nil)
            connection.parameters.int8(Int64(valueBytes ?? .max))
            try connection.send(Statements.history)
        } receive: { connection throws(PostgresFailure) in
            try connection.next().events(in: partition)
        }
        return valueBytes == nil ? events : await filled(events)
    }

    package func event(
        of key: Key, in partition: Partition, at point: PointInTime
    ) async throws(EventLogError) -> Event? {
        let events = try await lanes.run { connection throws(PostgresFailure) in
            connection.parameters.int8(Int64(partition.number))
            connection.parameters.text(key.text)
            switch point {
            case .version(let version): connection.parameters.int8(Int64(clamping: version))
            case .time(let time): connection.parameters.timestamp(time)
            }
            connection.parameters.int8(1)
            connection.parameters.bool(true)
            switch point {
            case .version: try connection.send(Statements.eventAtVersion)
            case .time: try connection.send(Statements.eventAtTime)
            }
        } receive: { connection throws(PostgresFailure) in
            try connection.next().events(in: partition)
        }
        return await filled(events).first
    }

    private func filled(_ events: [Event]) async -> [Event] {
        guard let archive, events.contains(where: \.isArchived) else { return events }
        return await archive.fill(events)
    }

    package func command(_ id: CommandID) async throws(EventLogError) -> (key: Key, record: RecordedCommand)? {
        try await recorded([id], in: partitions).first
    }

    package func commands(
        _ ids: [CommandID], in partition: Partition
    ) async throws(EventLogError) -> [CommandID: RecordedCommand] {
        guard !ids.isEmpty else { return [:] }
        let found = try await recorded(ids, in: [partition])
        return Dictionary(found.map { ($0.record.outcome.command, $0.record) }) { event, _ in event }
    }

    private func recorded(
        _ ids: [CommandID], in partitions: [Partition]
    ) async throws(EventLogError) -> [(key: Key, record: RecordedCommand)] {
        try await lanes.run { connection throws(PostgresFailure) in
            try CommandLookup.send(ids, in: partitions, connection)
        } receive: { connection throws(PostgresFailure) in
            try CommandLookup.receive(connection)
        }
    }
}
