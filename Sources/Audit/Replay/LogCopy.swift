package import Commands
package import EventLog

/// Brings another, otherwise idle log to where this one stood: events, trees and projection; of all keys, or as a `LogExtract` of
/// those with a prefix. What is there already is left as it is, so that a copy that was interrupted goes on.
package struct LogCopy<Source: SnapshotSource, Target: SnapshotSource, Store: EventStore>: Sendable {
    private static var batch: UInt64 { 1_000 }

    private let source: Source
    private let target: Target
    private let store: Store
    private let prefix: [UInt8]

    package init(from source: Source, to target: Target, through store: Store, prefix: String = "") {
        self.source = source
        self.target = target
        self.store = store
        self.prefix = Array(prefix.utf8)
    }

    /// What stands in the target is no beginning of what would be copied.
    package struct OtherHistory: Error, Sendable {
        package var partition: Partition
        package var sequence: UInt64
    }

    /// - Parameter read: called with how many events there are more, wanted ones or not.
    /// - Returns: how many events the target has then.
    @discardableResult
    package func run(
        to positions: [LogPoint.Position], read: @escaping @Sendable (UInt64) -> Void = { _ in }
    ) async throws -> Int {
        let heads = Dictionary(uniqueKeysWithValues: try await target.heads().map { ($0.partition, $0) })
        // All of them before anything is written.
        var begun: [Progress] = []
        for position in positions {
            let progress = try await find(heads[position.partition], position)
            read(progress.position)
            begun.append(progress)
        }
        var count = 0
        for (position, var progress) in zip(positions, begun) {
            while progress.position < position.sequence {
                let end = min(progress.position + Self.batch, position.sequence)
                let before = progress.position
                try await copy(&progress, of: position.partition, through: end)
                read(end - before)
            }
            count += Int(progress.extract.size)
        }
        return count
    }

    /// How far a partition is.
    private struct Progress {
        /// In the source.
        var position: UInt64 = 0
        var extract: LogExtract
        var tree = MerkleFrontier()
    }

    /// Finds in the source what the target has already.
    private func find(_ head: PartitionHead?, _ position: LogPoint.Position) async throws -> Progress {
        let size = head?.sequence ?? 0
        let isWhole = prefix.isEmpty
        let through = size == 0 || isWhole ? min(size, position.sequence) : position.sequence
        let found = try await source.fold(
            position.partition, after: 0, through: through, values: false,
            into: Progress(extract: LogExtract(isWhole: isWhole))
        ) { [prefix] progress, row in
            guard progress.extract.size < size else { return }
            progress.position = row.sequence
            guard row[.key].starts(with: prefix) else { return }
            let event = try progress.extract.take(row.known)
            progress.tree.append(leafHash: event.leafHash)
        }
        guard let head, found.extract.size == size, found.tree.encoded == head.tree else {
            throw OtherHistory(partition: position.partition, sequence: size)
        }
        return found
    }

    private func copy(_ progress: inout Progress, of partition: Partition, through end: UInt64) async throws {
        let (count, wanted) = try await source.fold(
            partition, after: progress.position, through: end, values: true, into: (0 as UInt64, [Event]())
        ) { [prefix] state, row in
            state.0 += 1
            if row[.key].starts(with: prefix) { state.1.append(try row.known) }
        }
        guard count == end - progress.position else {
            throw Divergence(
                partition: partition, sequence: progress.position + 1, table: .events, fields: ["seq"],
                detail: "there are \(count) of the next \(end - progress.position) events")
        }
        var events: [Event] = []
        for event in wanted {
            try EventFold.check(event)
            events.append(try progress.extract.take(event))
        }
        if !events.isEmpty {
            let fold = EventFold(events)
            _ = try await store.transact(fold.read, decide: fold.decide)
        }
        progress.position = end
    }
}

extension EventRow {
    fileprivate var known: Event {
        get throws {
            if let event { return event }
            throw Divergence(
                partition: Partition(Int(int8(.partition) ?? 0)), sequence: sequence, table: .events, fields: ["kind"],
                key: text(.key), detail: "this version does not know such an event")
        }
    }
}
