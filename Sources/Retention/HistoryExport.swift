package import Commands
package import EventLog
package import Foundation

/// Writes every event of a store to one file, partition after partition, up to where each stood when its turn came.
package struct HistoryExport {
    private static let pageEvents = 1_000
    private static let pageValueBytes = 8 << 20

    private let store: PostgresRetentionStore
    private let cluster: ClusterDescription
    private let archive: ArchiveReader?

    /// - Parameter archive: needed when values have been archived.
    package init(store: PostgresRetentionStore, cluster: ClusterDescription, archive: ArchiveReader?) {
        self.store = store
        self.cluster = cluster
        self.archive = archive
    }

    /// Writing blocks: for a command that does nothing else.
    ///
    /// - Parameter progress: called with the number of events so far.
    /// - Returns: how many events there are.
    package func run(to url: URL, progress: (UInt64) -> Void = { _ in }) async throws -> UInt64 {
        // What was exported before under this name stays until all of this is there. A pipe is written as it is.
        let isPlain = (try? url.resourceValues(forKeys: [.isRegularFileKey]))?.isRegularFile ?? true
        let draft = isPlain ? url.appendingPathExtension("partial") : url
        defer { if isPlain { unlink(draft.path) } }
        let writer = try RecordWriter(draft)
        try writer.write(
            HistoryHeader(cluster: cluster.id, partitions: cluster.partitioner.count, secret: cluster.secret))
        var count: UInt64 = 0
        var trees: [Int: Data] = [:]
        for partition in cluster.partitioner.partitions {
            let head = try await store.head(of: partition)
            var window: ArchiveWindow?
            if let archive { window = ArchiveWindow(archive, try await archive.files(of: partition)) }
            var tree = MerkleFrontier()
            while tree.size < head.sequence {
                let page = try await store.events(
                    in: partition, after: tree.size, limit: Self.pageEvents, valueBytes: Self.pageValueBytes)
                guard page.first?.sequence == tree.size + 1 else {
                    throw RetentionError("Partition \(partition): event \(tree.size + 1) is missing.")
                }
                for var event in page.prefix(while: { $0.sequence <= head.sequence }) {
                    if event.isArchived, window != nil { event = try await window!.filled(event) }
                    guard !event.isArchived else {
                        throw RetentionError("Some values are in the archive: name its directory with --archive.")
                    }
                    try event.checkIntegrity()
                    tree.append(leafHash: event.leafHash)
                    try writer.write(EventRecord(event, namesPartition: true))
                }
                progress(count + tree.size)
            }
            guard tree == head.tree else {
                throw RetentionError(
                    "Partition \(partition): its events give another tree. Run `tidemark audit verify`.")
            }
            count += tree.size
            trees[partition.number] = tree.encoded
        }
        try writer.finish(events: count, trees: trees)
        guard !isPlain || rename(draft.path, url.path) == 0 else {
            throw RetentionError("\(url.path) can't be written: \(String(cString: strerror(errno))).")
        }
        return count
    }
}
