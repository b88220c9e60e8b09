package import Commands
package import EventLog
import Foundation

/// Moves the values of old events to the archive, a partition after the other.
///
/// Each step can be the last before the power goes: a file counts once the database knows it, and values leave the log
/// only then. The next run removes files that don't count, and values that should have left.
package struct Archiver: Sendable {
    package struct Limits: Sendable {
        package var eventsInFile = 10_000
        package var valueBytesInFile = 16 << 20
        /// Positions that one statement looks at when values leave the log.
        package var positionsAtOnce: UInt64 = 1_000

        package init() {}
    }

    package struct Report: Sendable, Equatable {
        package var partition: Partition
        package var files = 0
        package var events: UInt64 = 0
        /// Values that left the log, of this run's events and of earlier ones that were their key's present value then.
        package var values = 0
        /// How far the partition is archived.
        package var last: UInt64 = 0
    }

    private let store: PostgresRetentionStore
    private let archive: Archive
    private let limits: Limits

    package init(store: PostgresRetentionStore, archive: Archive, limits: Limits = Limits()) {
        self.store = store
        self.archive = archive
        self.limits = limits
    }

    /// To be called once, before the first partition.
    ///
    /// - Returns: the lock, to be held until the last one is done.
    package func begin() async throws -> ArchiveLock {
        let lock = try await FileThread.run { [archive] in try ArchiveLock(archive.directory) }
        let entries = try await store.archives()
        try await FileThread.run { [archive] in
            for entry in entries {
                let path = archive.directory.appendingPathComponent(entry.file).path
                guard FileManager.default.fileExists(atPath: path) else {
                    throw RetentionError(
                        "\(path) is missing: the archive is in another directory, and there is one for all of it.")
                }
            }
            try archive.removeStrays(knowing: entries)
        }
        return lock
    }

    /// Archives the partition's events that were applied before `time`.
    ///
    /// - Parameter progress: called after each file.
    package func archive(
        _ partition: Partition, before time: Timestamp, progress: (Report) -> Void = { _ in }
    ) async throws -> Report {
        let entries = try await store.archives(of: partition)
        var report = Report(partition: partition, last: entries.last?.last ?? 0)
        var tree = entries.last?.tree ?? MerkleFrontier()
        while true {
            let events = try await chunk(of: partition, after: report.last, before: time)
            guard let last = events.last else { break }
            let entry = try await FileThread.run { [archive, tree] in try archive.write(events, after: tree) }
            guard try await store.register(entry) else {
                throw RetentionError("Partition \(partition) was archived by another run meanwhile: begin again.")
            }
            try await catchUp(with: entry)
            tree = entry.tree
            report.files += 1
            report.events += UInt64(events.count)
            report.last = last.sequence
            progress(report)
        }
        var position: UInt64 = 0
        while position < report.last {
            let through = min(report.last, position + limits.positionsAtOnce)
            report.values += try await store.takeValues(in: partition, after: position, through: through)
            position = through
        }
        return report
    }

    /// An erasure that began before the file counted knew nothing of it: what it took from the log meanwhile goes here, too.
    private func catchUp(with entry: ArchiveEntry) async throws {
        let erased = try await store.erasedVersions(in: entry.partition, first: entry.first, last: entry.last)
        let anew = try await FileThread.run { [archive] in
            try archive.rewrite(entry) { erased.contains($0.sequence) }
        }
        guard let anew else { return }
        guard try await store.register(anew.entry) else {
            throw RetentionError("Partition \(entry.partition) was archived by another run meanwhile: begin again.")
        }
        try await FileThread.run { [archive] in try archive.remove(entry) }
    }

    /// Events for one file.
    private func chunk(
        of partition: Partition, after sequence: UInt64, before time: Timestamp
    ) async throws -> [Event] {
        var events: [Event] = []
        var bytes = 0
        while events.count < limits.eventsInFile && bytes < limits.valueBytesInFile {
            let page = try await store.events(
                in: partition, after: events.last?.sequence ?? sequence,
                limit: min(1_000, limits.eventsInFile - events.count), valueBytes: limits.valueBytesInFile / 4)
            let old = page.prefix { $0.appliedAt < time }
            events += old
            bytes += old.reduce(0) { $0 + ($1.content?.value.count ?? 0) }
            if page.isEmpty || old.count < page.count { break }
        }
        return events
    }
}
