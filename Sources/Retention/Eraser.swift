package import Commands
package import EventLog
import Foundation

/// Destroys a key's values: the commands that do it in the log go the way of every write, and are fenced, in order and applied
/// once as every write is.
package struct Eraser: Sendable {
    /// Sends an erasure through the key's queue and waits until it is applied.
    package typealias Send = @Sendable (Key, Erasure) async throws -> Outcome

    package struct Report: Sendable, Equatable {
        package var key: Key
        package var partition: Partition
        /// Versions whose value was destroyed.
        package var values: Int
        package var deadLetters: Int
        /// Where the record of it stands in the key's history; `nil` when nothing was left to destroy.
        package var record: UInt64?
        /// Values destroyed in the archive's files.
        package var archivedValues = 0

        package var erasedAnything: Bool { record != nil || archivedValues > 0 }
    }

    /// One transaction destroys no more values than this: a key that was written a million times must not hold up its
    /// partition.
    private static let versionsAtOnce = 500

    private static let keysAtOnce = 200

    private let store: PostgresRetentionStore
    private let partitioner: Partitioner
    private let archive: Archive?
    private let send: Send

    /// - Parameter archive: where the archive is, if there is one.
    package init(
        store: PostgresRetentionStore, partitioner: Partitioner, archive: Archive? = nil, send: @escaping Send
    ) {
        self.store = store
        self.partitioner = partitioner
        self.archive = archive
        self.send = send
    }

    /// Destroys what there is of the versions that `erasure` names, in the log (the newest first) and then in the archive.
    ///
    /// - Throws: `RetentionError` when an erasure was not applied, values are left all the same, or the archive can't be
    ///   reached, which is found out before anything is destroyed.
    package func erase(_ key: Key, _ erasure: Erasure) async throws -> Report {
        let partition = partitioner.partition(of: key)
        let (files, lock) = try await archivedFiles([partition])
        defer { withExtendedLifetime(lock) {} }
        let head = try await store.head(of: partition).sequence
        var report = try await eraseInLog(key, erasure)
        report.archivedValues = try await rewrite(files) {
            $0.key == key && erasure.covers($0.sequence) && $0.sequence <= head
        }
        return report
    }

    /// The same for all keys that begin with `prefix`, some at a time.
    ///
    /// - Returns: values that were destroyed in the archive; the reports count the log's.
    package func erase(
        prefix: String, _ erasure: Erasure, report: (Report) throws -> Void
    ) async throws -> Int {
        let (files, lock) = try await archivedFiles(partitioner.partitions)
        defer { withExtendedLifetime(lock) {} }
        var heads: [Partition: UInt64] = [:]
        for partition in partitioner.partitions { heads[partition] = try await store.head(of: partition).sequence }
        for partition in partitioner.partitions {
            var after: Key?
            while true {
                let keys = try await store.erasableKeys(
                    in: partition, prefix: prefix, after: after, limit: Self.keysAtOnce)
                guard let last = keys.last else { break }
                after = last
                try await withThrowingTaskGroup(of: Report.self) { group in
                    for key in keys { group.addTask { try await eraseInLog(key, erasure) } }
                    for try await done in group { try report(done) }
                }
            }
        }
        return try await rewrite(files) { [heads] event in
            event.key.text.utf8.starts(with: prefix.utf8) && event.sequence <= heads[event.partition] ?? 0
        }
    }

    func eraseInLog(_ key: Key, _ erasure: Erasure) async throws -> Report {
        let partition = partitioner.partition(of: key)
        let found = try await store.erasable(key, in: partition, first: erasure.first, last: erasure.last)
        let deadLetters = erasure.last == nil ? found.deadLetters : 0
        var report = Report(key: key, partition: partition, values: found.versions.count, deadLetters: deadLetters)
        for piece in Self.pieces(erasure, of: found.versions, ifEmpty: deadLetters > 0) {
            let outcome = try await send(key, piece)
            guard case .deleted = outcome.result else {
                throw RetentionError("The erasure of \"\(key)\" was not applied but ended as \(outcome.result).")
            }
            report.record = max(report.record ?? 0, outcome.sequence)
        }
        guard let record = report.record else { return report }
        let left = try await store.erasable(
            key, in: partition, first: erasure.first, last: min(erasure.last ?? record, record))
        guard left.versions.isEmpty else {
            throw RetentionError(
                "\(left.versions.count) values of \"\(key)\" are still there: run the same command again.")
        }
        return report
    }

    // MARK: - The archive

    /// Looks for the files before anything is destroyed.
    private func archivedFiles(_ partitions: [Partition]) async throws -> ([ArchiveEntry], ArchiveLock?) {
        guard let archive else {
            if try await store.archives().isEmpty { return ([], nil) }
            throw RetentionError("This store has an archive: name its directory with --archive. Nothing was erased.")
        }
        let lock = try await FileThread.run { try ArchiveLock(archive.directory) }
        let entries = try await store.archives()
        let files = entries.filter { partitions.contains($0.partition) }
        try await FileThread.run {
            try archive.removeStrays(knowing: entries)
            for entry in files { try archive.read(entry) { _ in } }
        }
        return (files, lock)
    }

    /// A new file first, then the database names it in place of the old one, then the old one goes: at any moment a whole
    /// file counts, and a run that was interrupted leaves a stray that the next one removes.
    private func rewrite(
        _ entries: [ArchiveEntry], erasing erased: @escaping @Sendable (Event) -> Bool
    ) async throws -> Int {
        guard let archive else {
            guard try await store.archives().isEmpty else {
                throw RetentionError("An archive was begun meanwhile: run the same command again, with --archive.")
            }
            return 0
        }
        var values = 0
        for entry in entries {
            guard let anew = try await FileThread.run({ try archive.rewrite(entry, erasing: erased) }) else { continue }
            guard try await store.register(anew.entry) else {
                throw RetentionError("The archive was changed by another run meanwhile: run the same command again.")
            }
            values += anew.values
            try await FileThread.run { try archive.remove(entry) }
        }
        return values
    }

    /// Splits an erasure so that each destroys a bounded number of values; the open end stays open, and goes first.
    static func pieces(_ erasure: Erasure, of versions: [UInt64], ifEmpty: Bool = false) -> [Erasure] {
        guard versions.count > versionsAtOnce else { return versions.isEmpty && !ifEmpty ? [] : [erasure] }
        var pieces: [Erasure] = []
        var end = versions.count
        while end > 0 {
            let start = max(0, end - versionsAtOnce)
            pieces.append(
                Erasure(
                    reason: erasure.reason, first: start == 0 ? erasure.first : versions[start],
                    last: end == versions.count ? erasure.last : versions[end] - 1))
            end = start
        }
        return pieces
    }
}
