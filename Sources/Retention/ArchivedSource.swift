package import Commands
package import EventLog

/// The log's table with the values that are in the archive, for whoever reads all of it in order.
package struct ArchivedSource: SnapshotSource {
    private let base: PostgresSnapshotSource
    private let archive: Archive?
    package let entries: [ArchiveEntry]
    /// Whether a value that can't be read is left out; otherwise reading fails.
    private let leavesOut: Bool

    /// - Parameters:
    ///   - archive: where it is, if it is at hand.
    ///   - entries: of all partitions.
    package init(
        _ base: PostgresSnapshotSource, archive: Archive?, entries: [ArchiveEntry], leavesOut: Bool = false
    ) {
        self.base = base
        self.archive = archive
        self.entries = entries
        self.leavesOut = leavesOut
    }

    /// The same, leaving out what can't be read.
    package var leavingOut: ArchivedSource {
        ArchivedSource(base, archive: archive, entries: entries, leavesOut: true)
    }

    /// With the file at hand that was read last.
    private struct Window<State: Sendable>: Sendable {
        var state: State
        var entry: ArchiveEntry?
        var events: [Event] = []
    }

    package func fold<State: Sendable>(
        _ partition: Partition, after: UInt64, through: UInt64, values: Bool, into state: State,
        _ step: @escaping @Sendable (inout State, EventRow) throws -> Void
    ) async throws -> State {
        let entries = entries.filter { $0.partition == partition && $0.last > after }
        guard values, !entries.isEmpty, archive != nil || !leavesOut else {
            return try await base.fold(
                partition, after: after, through: through, values: values, into: state, step)
        }
        let window = try await base.fold(
            partition, after: after, through: through, values: true, into: Window(state: state)
        ) { [archive] window, row in
            guard row.isNull(.value), !row.isNull(.valueSalt) else { return try step(&window.state, row) }
            guard let archive else {
                throw RetentionError("Some values are in the archive: name its directory with --archive.")
            }
            if window.entry.map({ !($0.first...$0.last).contains(row.sequence) }) ?? true {
                window.entry = entries.first { ($0.first...$0.last).contains(row.sequence) }
                window.events = []
                if let entry = window.entry { try archive.read(entry) { window.events.append($0) } }
            }
            guard let entry = window.entry else { return try step(&window.state, row) }
            let content = window.events[Int(row.sequence - entry.first)].content
            try row.withValue(content?.value) { try step(&window.state, $0) }
        }
        return window.state
    }

    package func foldProjection<State: Sendable>(
        newerThan: UInt64, into state: State, heads: @escaping @Sendable ([PartitionHead]) -> Void,
        _ step: @escaping @Sendable (inout State, ProjectionRow) throws -> Void
    ) async throws -> State {
        try await base.foldProjection(newerThan: newerThan, into: state, heads: heads, step)
    }

    package func heads() async throws -> [PartitionHead] { try await base.heads() }

    package func sequence(of partition: Partition, at time: Timestamp) async throws -> UInt64 {
        try await base.sequence(of: partition, at: time)
    }
}
