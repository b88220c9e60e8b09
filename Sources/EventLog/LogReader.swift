package import Commands

/// The log and its projection as gateways and tools read them.
package protocol LogReader: Sendable {
    /// The latest applied state of a key, and the vector it is at least as new as.
    ///
    /// - Parameter origins: whose n the vector shall contain.
    func read(_ key: Key, in partition: Partition, origins: [Origin]) async throws(EventLogError) -> KeyReading

    /// Keys with a value that begin with `prefix` and come after `after`, in byte order.
    ///
    /// - Parameter valueBytes: the last row is the one whose value makes it more than so many bytes, if there is one; `nil`
    ///   leaves contents empty (`size` still counts the value's bytes).
    func list(
        prefix: String, after: Key?, limit: Int, valueBytes: Int?
    ) async throws(EventLogError) -> [ListedValue]

    /// The events of a key after version `after`, oldest first. `valueBytes` as in `list`; `nil` leaves contents out.
    func history(
        of key: Key, in partition: Partition, after: UInt64, limit: Int, valueBytes: Int?
    ) async throws(EventLogError) -> [Event]

    /// The last event that changed the key, at or before a version or a time; `nil` when there was none.
    func event(of key: Key, in partition: Partition, at point: PointInTime) async throws(EventLogError) -> Event?

    /// What is recorded of a command: searched in all partitions. Also gives its key.
    func command(_ id: CommandID) async throws(EventLogError) -> (key: Key, record: RecordedCommand)?

    /// The same for many commands of a partition at once.
    func commands(
        _ ids: [CommandID], in partition: Partition
    ) async throws(EventLogError) -> [CommandID: RecordedCommand]

    /// Where the log of every partition begins and ends, in partition order, all at one moment.
    func extents() async throws(EventLogError) -> [LogExtent]

    /// The events of a partition after `after` and up to `through`, oldest first, of keys that begin with `prefix`. Sequences
    /// have no gaps, so their difference bounds the work.
    ///
    /// - Parameter valueBytes: as in `list`; `nil` leaves contents out.
    /// - Returns: `nil` when retention has removed some of what was asked for.
    func changes(
        in partition: Partition, after: UInt64, through: UInt64, prefix: String, valueBytes: Int?
    ) async throws(EventLogError) -> ChangePage?
}

/// What a partition's log holds.
package struct LogExtent: Sendable, Equatable {
    package var partition: Partition
    /// Of the last event.
    package var sequence: UInt64
    /// The sequence of the oldest event that is still there; 1 unless retention has removed some.
    package var retainedFrom: UInt64

    package init(partition: Partition, sequence: UInt64, retainedFrom: UInt64 = 1) {
        self.partition = partition
        self.sequence = sequence
        self.retainedFrom = retainedFrom
    }
}

package struct ChangePage: Sendable {
    package var events: [Event]
    /// Everything that was asked for up to here is in the page.
    package var reached: UInt64

    /// - Parameters:
    ///   - events: what a query returned that ends with the row whose value was one too many.
    ///   - through: how far it would have gone otherwise.
    package init(events: [Event], through: UInt64, valueBytes: Int?) {
        self.events = events
        reached = through
        if let valueBytes, let last = events.last,
            events.reduce(0, { $0 + ($1.size ?? 0) }) > valueBytes
        {
            reached = last.sequence
        }
    }
}

package struct KeyReading: Sendable {
    /// `nil` when the key never existed; a deleted key has a row.
    package var value: StoredValue?
    package var vector: VersionVector

    package init(value: StoredValue?, vector: VersionVector) {
        self.value = value
        self.vector = vector
    }
}

package struct ListedValue: Sendable {
    package var key: Key
    package var size: Int
    package var value: StoredValue

    package init(key: Key, size: Int, value: StoredValue) {
        self.key = key
        self.size = size
        self.value = value
    }
}

package enum PointInTime: Sendable, Equatable {
    case version(UInt64)
    case time(Timestamp)
}
