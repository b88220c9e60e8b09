package import Commands
import Crypto
package import EventLog
package import Foundation

/// The archive's directory: files with consecutive events of a partition each, compressed, with checksum and the tree's right edge
/// before and after. Every call blocks while it reads or writes.
package struct Archive: Sendable {
    package let directory: URL
    private let cluster: UUID

    /// The first line of a file.
    private struct Header: Codable {
        var tidemark = "archive"
        var format = 1
        var cluster: UUID
        var partition: Int
        var first: UInt64
        var last: UInt64
        var tree: Data
    }

    /// - Parameter cluster: the id; files of others are refused.
    package init(_ directory: URL, cluster: UUID) {
        self.directory = directory
        self.cluster = cluster
    }

    // MARK: - Writing

    /// Writes the events to a new file, which is on disk and was read back when this returns.
    ///
    /// - Parameters:
    ///   - events: consecutive, of one partition, at least one.
    ///   - tree: the partition's before them.
    ///   - revision: another one for each writing of the same events.
    package func write(_ events: [Event], after tree: MerkleFrontier, revision: Int = 1) throws -> ArchiveEntry {
        guard let first = events.first, let last = events.last else {
            preconditionFailure("an archive file has events")
        }
        let name =
            "tidemark-\(cluster.uuidString.prefix(8).lowercased())-p\(first.partition)-\(first.sequence)"
            + "-\(last.sequence)-r\(revision).ndjson.gz"
        let final = directory.appendingPathComponent(name)
        let partial = directory.appendingPathComponent(name + ".partial")
        var after = tree
        let writer = try RecordWriter(partial)
        try writer.write(
            Header(
                cluster: cluster, partition: first.partition.number, first: first.sequence, last: last.sequence,
                tree: tree.encoded))
        for event in events {
            try event.checkIntegrity()
            guard !event.isArchived else {
                throw RetentionError("Partition \(event.partition), event \(event.sequence): its value is gone.")
            }
            guard event.sequence == after.size + 1 else {
                throw RetentionError("Partition \(event.partition): event \(after.size + 1) is missing.")
            }
            after.append(leafHash: event.leafHash)
            try writer.write(EventRecord(event))
        }
        try writer.finish(events: UInt64(events.count), trees: [first.partition.number: after.encoded])
        guard rename(partial.path, final.path) == 0 else {
            throw RetentionError("\(final.path) can't be written: \(String(cString: strerror(errno))).")
        }
        try synchronize(directory.path)
        let entry = ArchiveEntry(
            partition: first.partition, first: first.sequence, last: last.sequence, file: name,
            checksum: try checksum(name), tree: after)
        var readBack = 0
        try read(entry) { event in
            guard event == events[readBack] else {
                throw RetentionError("\(final.path): event \(event.sequence) was not read as it was written.")
            }
            readBack += 1
        }
        return entry
    }

    /// Removes files of this cluster that the database doesn't know (any more): of a run that was interrupted.
    package func removeStrays(knowing entries: [ArchiveEntry]) throws {
        let known = Set(entries.map(\.file))
        let prefix = "tidemark-\(cluster.uuidString.prefix(8).lowercased())-p"
        for name in try FileManager.default.contentsOfDirectory(atPath: directory.path)
        where name.hasPrefix(prefix) && !known.contains(name) {
            try FileManager.default.removeItem(at: directory.appendingPathComponent(name))
        }
    }

    func remove(_ entry: ArchiveEntry) throws {
        try FileManager.default.removeItem(at: directory.appendingPathComponent(entry.file))
    }

    // MARK: - Reading

    /// Reads every file, and that each begins with the tree the one before it ends with.
    ///
    /// - Returns: the partitions' trees at the archive's end, to be compared with the log's.
    package func verify(_ entries: [ArchiveEntry]) async throws -> [Partition: MerkleFrontier] {
        try await FileThread.run {
            var trees: [Partition: MerkleFrontier] = [:]
            for entry in entries {
                try read(entry, after: trees[entry.partition] ?? MerkleFrontier()) { _ in }
                trees[entry.partition] = entry.tree
            }
            return trees
        }
    }

    /// Reads a file's events in order and checks all there is to check: checksums, leaves, commitments, the tree.
    ///
    /// - Parameter before: what the tree before the file must be, where that is known.
    package func read(
        _ entry: ArchiveEntry, after before: MerkleFrontier? = nil, _ body: (Event) throws -> Void
    ) throws {
        let url = directory.appendingPathComponent(entry.file)
        guard try checksum(entry.file) == entry.checksum else {
            throw RetentionError("\(url.path) is not the file that was archived: its SHA-256 is another one.")
        }
        let reader = try RecordReader(url)
        var tree = try start(of: entry, reader)
        guard before == nil || before == tree else {
            throw RetentionError("\(url.path) does not begin where the file before it ends.")
        }
        let decoder = JSONDecoder()
        while let line = try reader.next() {
            let event = try decoder.decode(EventRecord.self, from: line).event(in: entry.partition)
            guard event.sequence == tree.size + 1 else {
                throw RetentionError("\(url.path): event \(tree.size + 1) is missing.")
            }
            try event.checkIntegrity()
            tree.append(leafHash: event.leafHash)
            try body(event)
        }
        guard tree == entry.tree, reader.trailer?.trees[entry.partition.number] == tree.encoded else {
            throw RetentionError("\(url.path): its events give another tree than the database has.")
        }
    }

    /// The tree before the file's first event, from its first line.
    private func start(of entry: ArchiveEntry, _ reader: RecordReader) throws -> MerkleFrontier {
        guard let line = try reader.next(), let header = try? JSONDecoder().decode(Header.self, from: line),
            header.tidemark == "archive", header.format == 1, header.cluster == cluster,
            header.partition == entry.partition.number, header.first == entry.first, header.last == entry.last,
            let tree = MerkleFrontier(size: entry.first - 1, encoded: header.tree)
        else { throw RetentionError("\(entry.file) holds other events than the database says.") }
        return tree
    }

    private func checksum(_ name: String) throws -> Data {
        let url = directory.appendingPathComponent(name)
        guard let handle = try? FileHandle(forReadingFrom: url) else {
            throw RetentionError("\(url.path) is missing: name the directory that the archive is in.")
        }
        defer { try? handle.close() }
        var hash = SHA256()
        while let piece = try handle.read(upToCount: 1 << 20), !piece.isEmpty { hash.update(data: piece) }
        return Data(hash.finalize())
    }

    // MARK: - Erasing

    /// Writes the file anew without the values of the events that `erased` names.
    ///
    /// - Returns: the new file and how many values it lacks; `nil` when it held none of them.
    func rewrite(
        _ entry: ArchiveEntry, erasing erased: (Event) -> Bool
    ) throws -> (entry: ArchiveEntry, values: Int)? {
        var events: [Event] = []
        var values = 0
        try read(entry) { event in
            var event = event
            if event.salt != nil && erased(event) {
                event.content = nil
                event.salt = nil
                values += 1
            }
            events.append(event)
        }
        guard values > 0 else { return nil }
        let before = try start(of: entry, RecordReader(directory.appendingPathComponent(entry.file)))
        let revision = entry.file.split(separator: "-").last.flatMap { Int($0.dropFirst().prefix { $0 != "." }) } ?? 1
        return (try write(events, after: before, revision: revision + 1), values)
    }
}
