import Commands
import EventLog

extension DatabaseClient: LogReader {
    /// The vector and then the row, in two statements, so that the row may be newer.
    func read(_ key: Key, in partition: Partition, origins: [Origin]) async throws(EventLogError) -> KeyReading {
        let slowest = simulator.chance(world.rates.slowDatabaseReads) ? Nanoseconds.seconds(4) : .milliseconds(4)
        let reading: KeyReading? = await ask(slowest: slowest) { [database, simulator] answer in
            var vector = database.vector(of: partition)
            vector.applied = vector.applied.filter { origins.contains($0.key) }
            if origins.isEmpty { return answer(KeyReading(value: database.values[key], vector: vector)) }
            simulator.after(simulator.random.skewed(0, .milliseconds(2))) {
                answer(KeyReading(value: database.values[key], vector: vector))
            }
        }
        guard let reading else { throw Self.unavailable }
        // The answer, too, may take its time: that is what makes a fill late.
        if slowest > .seconds(1) { try? await Task.sleep(for: .nanoseconds(simulator.random.between(0, slowest))) }
        return reading
    }

    func list(
        prefix: String, after: Key?, limit: Int, valueBytes: Int?
    ) async throws(EventLogError) -> [ListedValue] {
        let now = clock.now()
        return try await askOrFail { [database] in
            database.values.filter { key, value in
                key.text.hasPrefix(prefix) && after.map { $0 < key } ?? true && value.state.isLive(at: now)
            }
            .sorted { $0.key < $1.key }.prefix(limit)
            .map { ListedValue(key: $0.key, size: $0.value.content.value.count, value: $0.value) }
        }
    }

    func history(
        of key: Key, in partition: Partition, after: UInt64, limit: Int, valueBytes: Int?
    ) async throws(EventLogError) -> [Event] {
        try await askOrFail { [database] in
            Array(
                database.rows[partition.number].events.filter { $0.key == key && $0.sequence > after }.prefix(limit))
        }
    }

    func event(
        of key: Key, in partition: Partition, at point: PointInTime
    ) async throws(EventLogError) -> Event? {
        try await askOrFail { [database] in
            database.rows[partition.number].events.last { event in
                guard event.key == key && event.kind.changesState else { return false }
                switch point {
                case .version(let version): return event.sequence <= version
                case .time(let time): return event.appliedAt <= time
                }
            }
        }
    }

    func command(_ id: CommandID) async throws(EventLogError) -> (key: Key, record: RecordedCommand)? {
        try await askOrFail { [database] in database.command(id) }
    }

    func commands(
        _ ids: [CommandID], in partition: Partition
    ) async throws(EventLogError) -> [CommandID: RecordedCommand] {
        try await askOrFail { [database] in database.commands(ids, in: partition) }
    }

    func extents() async throws(EventLogError) -> [LogExtent] {
        try await askOrFail { [database] in
            database.rows.enumerated().map { LogExtent(partition: Partition($0), sequence: $1.sequence) }
        }
    }

    func changes(
        in partition: Partition, after: UInt64, through: UInt64, prefix: String, valueBytes: Int?
    ) async throws(EventLogError) -> ChangePage? {
        try await askOrFail { [database] in
            ChangePage(
                events: database.rows[partition.number].events.filter {
                    $0.sequence > after && $0.sequence <= through
                        && $0.key.text.utf8.starts(with: prefix.utf8)
                }, through: through, valueBytes: nil)
        }
    }
}
