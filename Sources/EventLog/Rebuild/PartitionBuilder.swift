import CLibPQ
import Commands
import Foundation

/// Builds one partition's new generation, on a lane's thread: streams events, folds them, writes the rows with the position.
struct PartitionBuilder {
    /// Rows in memory that are written together, and hence the size of a transaction.
    private static let roundBytes = 16 << 20
    /// Events that one COPY sends: no snapshot stands for long, and PostgreSQL reads so few in the index's order, where it would sort
    /// more of them, on processes that it starts for it.
    private static let stretchEvents = 1_000
    /// Events in memory that are folded together, when it is before the stretch ends.
    private static let pageBytes = 4 << 20
    private static let chunkRows = 2_000
    private static let chunkBytes = 4 << 20
    /// Events that are left to the switch, which holds the partition's row meanwhile.
    private static let switchEvents: UInt64 = 200

    let partition: Partition
    /// Where the generation is built.
    let table: ProjectionTable
    let owner: UUID
    let pace: RebuildPace
    let progress: RebuildProgress
    /// For events; the other for everything else.
    let reader: PostgresConnection
    let writer: PostgresConnection

    private(set) var position: UInt64
    private var buffer: ReplayBuffer
    /// Rows written from here on are compared with the live ones.
    private(set) var difference: RebuildDifference?
    private var compares = false
    private var holdsPartition = false
    private var began = ContinuousClock.now

    init(
        _ partition: Partition, table: ProjectionTable, owner: UUID, pace: RebuildPace, progress: RebuildProgress,
        reader: PostgresConnection, writer: PostgresConnection
    ) throws(EventLogError) {
        self.partition = partition
        self.table = table
        self.owner = owner
        self.pace = pace
        self.progress = progress
        self.reader = reader
        self.writer = writer
        position = 0
        buffer = ReplayBuffer(knowsAll: false)
        try attempt { () throws(PostgresFailure) in
            try writer.open()
            try begin()
            position = try lockRebuild()
            try end()
        }
        buffer = ReplayBuffer(knowsAll: position == 0)
    }

    /// Folds what the log has at the moment.
    mutating func catchUp() throws(EventLogError) {
        try catchUp(
            to: try attempt { () throws(PostgresFailure) in
                writer.parameters.int8(Int64(partition.number))
                return try writer.run(Statements.partitionSequence).unsigned(0, 0)
            })
    }

    /// Folds up to exactly this sequence, which the log has.
    mutating func catchUp(to target: UInt64) throws(EventLogError) {
        buffer.expect(events: Int(target - min(target, position)))
        try fold(through: target) { builder throws(EventLogError) in
            guard builder.buffer.changedBytes >= Self.roundBytes || builder.position == target else { return }
            try builder.attempt { () throws(PostgresFailure) in
                try builder.begin(Statements.commitLater)
                _ = try builder.lockRebuild()
                try builder.write()
                try builder.end()
            }
            try builder.compare()
            builder.buffer.written()
        }
    }

    /// Folds the rest while it holds the partition, and serves the new generation from there on.
    ///
    /// - Parameter comparing: whether what is written from here on must equal the live rows, and otherwise nothing is switched.
    /// - Returns: whether it is done; if not, `difference` says why.
    mutating func switchOver(comparing: Bool) throws(EventLogError) -> Bool {
        compares = comparing
        repeat { try catchUp() } while try remaining() > Self.switchEvents && difference == nil
        if difference != nil { return false }
        do throws(EventLogError) {
            let target = try attempt { () throws(PostgresFailure) in
                try begin()
                writer.parameters.int8(Int64(partition.number))
                try writer.send(Statements.lockSequence)
                try writer.synchronize()
                let sequence = try writer.next().unsigned(0, 0)
                try writer.finish()
                _ = try lockRebuild()
                return sequence
            }
            holdsPartition = true
            defer { holdsPartition = false }
            try fold(through: target) { _ in }
            try attempt { () throws(PostgresFailure) in try write() }
            try compare()
            if difference != nil {
                writer.rollBack()
                return false
            }
            try attempt { () throws(PostgresFailure) in
                writer.parameters.int8(Int64(partition.number))
                try writer.send(Statements.switchGeneration)
                writer.parameters.int8(Int64(partition.number))
                try writer.send(Statements.swapRebuild)
                try end()
            }
            buffer.written()
            return true
        } catch {
            writer.rollBack()
            throw error
        }
    }

    private func remaining() throws(EventLogError) -> UInt64 {
        try attempt { () throws(PostgresFailure) in
            writer.parameters.int8(Int64(partition.number))
            return try writer.run(Statements.partitionSequence).unsigned(0, 0)
        } - position
    }

    // MARK: - Folding

    /// Takes the events after `position` into the buffer, page by page. They are committed, so the reader's own snapshot has
    /// them all.
    private mutating func fold(
        through target: UInt64, afterPage: (inout PartitionBuilder) throws(EventLogError) -> Void
    ) throws(EventLogError) {
        while position < target {
            try foldStretch(through: min(target, position + UInt64(Self.stretchEvents)), afterPage)
        }
    }

    private mutating func foldStretch(
        through target: UInt64, _ afterPage: (inout PartitionBuilder) throws(EventLogError) -> Void
    ) throws(EventLogError) {
        try attempt { () throws(PostgresFailure) in
            try reader.beginCopy(
                "events_to_fold",
                """
                SELECT \(ReplayedEvent.columns) FROM events
                WHERE partition = \(partition.number) AND seq > \(position) AND seq <= \(target) ORDER BY seq
                """)
        }
        var page: [ReplayedEvent] = []
        page.reserveCapacity(Self.stretchEvents)
        var bytes = 0
        do throws(EventLogError) {
            while true {
                let row = try attempt { () throws(PostgresFailure) in try reader.nextCopiedRow() }
                if let row {
                    bytes += row.encoded.count
                    page.append(ReplayedEvent(row))
                    if bytes < Self.pageBytes { continue }
                }
                if let last = page.last {
                    guard last.sequence == position + UInt64(page.count) else { throw Self.gap(partition, position) }
                    try learn(buffer.unknown(page))
                    for event in page { buffer.fold(event) }
                    position = last.sequence
                    progress.advance(by: page.count)
                    try afterPage(&self)
                    page.removeAll(keepingCapacity: true)
                    bytes = 0
                    if !holdsPartition { pace.breathe(since: &began) }
                }
                if row == nil { break }
            }
        } catch {
            reader.close()
            throw error
        }
        guard position == target else { throw Self.gap(partition, position) }
    }

    private static func gap(_ partition: Partition, _ position: UInt64) -> EventLogError {
        EventLogError(
            .rejectedStatement,
            "The log of partition \(partition) lacks an event somewhere after \(position): it was damaged.")
    }

    private mutating func learn(_ keys: [Key]) throws(EventLogError) {
        guard !keys.isEmpty else { return }
        let states = try attempt { () throws(PostgresFailure) in
            writer.parameters.keys(keys)
            try writer.send(Statements.rebuiltStates[table])
            try writer.synchronize()
            let result = try writer.next()
            var states: [Key: KeyState] = Dictionary(minimumCapacity: result.rowCount)
            for row in 0..<result.rowCount { states[result.key(row, 0)] = result.keyState(row, from: 1) }
            try writer.finish()
            return states
        }
        buffer.learn(keys, states: states)
    }

    // MARK: - The writer's transaction

    private func begin(_ settings: Statement...) throws(PostgresFailure) {
        try writer.open()
        for statement in [Statements.beginReadCommitted] + settings { try writer.send(statement) }
        try writer.synchronize()
        while writer.hasQueued { _ = try writer.next() }
        try writer.finish()
    }

    /// - Returns: how far the generation has come.
    private func lockRebuild() throws(PostgresFailure) -> UInt64 {
        writer.parameters.int8(Int64(partition.number))
        writer.parameters.uuid(owner)
        try writer.send(Statements.lockRebuild)
        try writer.synchronize()
        let result = try writer.next()
        let found = result.rowCount == 1 ? result.unsigned(0, 0) : nil
        try writer.finish()
        guard let found else {
            throw PostgresFailure(kind: .statement(sqlState: Self.lostState), message: "", statement: "lock_rebuild")
        }
        return found
    }

    /// What changed, and the position.
    private func write() throws(PostgresFailure) {
        let changed = buffer.changed
        // What isn't looked for first costs the server a third.
        try writer.add(
            buffer.ordered(new: true).lazy.map { (changed[$0].key, changed[$0].value) }, of: partition, to: table)
        try update(buffer.ordered(new: false).lazy.map { changed[$0] })
        writer.parameters.int8(Int64(partition.number))
        writer.parameters.int8(Int64(position))
        try writer.send(Statements.advanceRebuild)
        try writer.synchronize()
        while writer.hasQueued { _ = try writer.next() }
        try writer.finish()
    }

    private func update(_ rows: some Sequence<ReplayBuffer.Change>) throws(PostgresFailure) {
        let statement = Statements.project[table]
        var chunk: [(key: Key, value: StoredValue)] = []
        var bytes = 0
        for row in rows {
            chunk.append((row.key, row.value))
            bytes += row.value.content.value.count
            if chunk.count == Self.chunkRows || bytes >= Self.chunkBytes {
                try chunk.send(statement, for: partition, writer)
                chunk.removeAll(keepingCapacity: true)
                bytes = 0
            }
        }
        if !chunk.isEmpty { try chunk.send(statement, for: partition, writer) }
    }

    private func end() throws(PostgresFailure) {
        try writer.send(Statements.commit)
        try writer.synchronize()
        while writer.hasQueued { _ = try writer.next() }
        try writer.finish()
    }

    /// Compares what the round wrote with the live rows that are at no later version; later ones come again in a later round.
    private mutating func compare() throws(EventLogError) {
        guard compares else { return }
        let keys = buffer.changed.map(\.key)
        for first in stride(from: 0, to: keys.count, by: Self.chunkRows) where difference == nil {
            let found = try attempt { () throws(PostgresFailure) -> (key: Key, column: String)? in
                writer.parameters.keys(Array(keys[first..<min(first + Self.chunkRows, keys.count)]))
                writer.parameters.int8(Int64(position))
                try writer.send(Statements.compareRows[table])
                try writer.synchronize()
                let result = try writer.next()
                let found = result.rowCount == 0 ? nil : (key: result.key(0, 0), column: result.text(0, 1))
                try writer.finish()
                return found
            }
            difference = found.map {
                RebuildDifference(partition: partition, sequence: position, key: $0.key, column: $0.column, keys: 1)
            }
        }
    }

    /// No SQLSTATE of the server's: the row is another run's.
    private static let lostState = "TMRB1"

    private func attempt<Value: ~Copyable>(
        _ work: () throws(PostgresFailure) -> Value
    ) throws(EventLogError) -> Value {
        do throws(PostgresFailure) {
            return try work()
        } catch {
            writer.rollBack()
            guard error.sqlState != Self.lostState else {
                throw EventLogError(.fenced, "Another run of `tidemark rebuild` works on partition \(partition) now.")
            }
            throw EventLogError(error)
        }
    }
}
