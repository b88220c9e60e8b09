package import Commands
package import EventLog
import Foundation
package import Logging

/// Reads archived values for whoever finds them gone from the log.
package struct ArchiveReader: ArchivedValues {
    private let store: PostgresRetentionStore
    private let archive: Archive
    private let logger: Logger

    package init(store: PostgresRetentionStore, archive: Archive, logger: Logger) {
        self.store = store
        self.archive = archive
        self.logger = logger
    }

    /// The files that hold events after `sequence`, in order.
    package func files(of partition: Partition, after sequence: UInt64 = 0) async throws -> [ArchiveEntry] {
        try await store.archives(of: partition).filter { $0.last > sequence }
    }

    /// A file's events in order, those that were erased too; everything in it is checked.
    package func events(of entry: ArchiveEntry) async throws -> [Event] {
        try await FileThread.run { [archive] in
            var events: [Event] = []
            try archive.read(entry) { events.append($0) }
            return events
        }
    }

    package func fill(_ events: [Event]) async -> [Event] {
        var filled = events
        guard let partition = events.first?.partition else { return events }
        do {
            var window = ArchiveWindow(self, try await files(of: partition))
            for index in filled.indices { filled[index] = try await window.filled(filled[index]) }
        } catch {
            logger.warning("archive not read", metadata: ["partition": "\(partition)", "error": "\(error)"])
        }
        return filled
    }
}

/// Goes through a partition's archive beside its log, and keeps the file at hand.
struct ArchiveWindow {
    private let reader: ArchiveReader
    private let entries: [ArchiveEntry]
    private var open: (entry: ArchiveEntry, events: [Event])?

    init(_ reader: ArchiveReader, _ entries: [ArchiveEntry]) {
        self.reader = reader
        self.entries = entries
    }

    /// The event with its value, if that is in the archive.
    mutating func filled(_ event: Event) async throws -> Event {
        guard event.isArchived,
            let entry = entries.first(where: { ($0.first...$0.last).contains(event.sequence) })
        else { return event }
        if open?.entry != entry { open = (entry, try await reader.events(of: entry)) }
        guard let found = open?.events[Int(event.sequence - entry.first)], found.leafHash == event.leafHash else {
            // The log's leaf decides, whatever the file says.
            throw RetentionError("\(entry.file): event \(event.sequence) is another one than the log has.")
        }
        var event = event
        event.content = found.content
        return event
    }
}
