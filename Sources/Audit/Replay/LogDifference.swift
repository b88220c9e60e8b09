package import Commands
package import EventLog

/// What changed between two positions of a partition: the events between them tell, and nothing before is read. Memory grows
/// with the number of keys that changed.
package struct LogDifference<Source: EventSource>: Sendable {
    package struct Change: Sendable, Equatable {
        package var key: Key
        /// `nil` when the key had no value.
        package var before: UInt64?
        package var after: UInt64?
        /// Of the last event that changed the key.
        package var principal: String
        package var time: Timestamp
        /// When the value after it ends.
        fileprivate var expiresAt: Int64?
    }

    private let source: Source
    private let prefix: [UInt8]

    package init(_ source: Source, prefix: String = "") {
        self.source = source
        self.prefix = Array(prefix.utf8)
    }

    /// In order of the keys.
    package func changes(from: LogPoint.Position, to: LogPoint.Position) async throws -> [Change] {
        let changes = try await source.fold(
            from.partition, after: from.sequence, through: to.sequence, values: false, into: [Key: Change]()
        ) { changes, row in
            guard let kind = row.kind, kind.changesState, row[.key].starts(with: prefix) else { return }
            let key = Key(trusted: row.text(.key) ?? "")
            // What is marked as expired only now may have been so before.
            let wasGone = kind == .expired && row.issuedAt <= from.time.microseconds
            changes[key] = Change(
                key: key, before: changes[key].map(\.before) ?? (wasGone ? nil : row.unsigned(.previousVersion)),
                after: kind == .put ? row.sequence : nil, principal: row.text(.principal) ?? "",
                time: Timestamp(microseconds: row.appliedAt), expiresAt: kind == .put ? row.expiresAt : nil)
        }
        return changes.values.map { change in
            var change = change
            if let end = change.expiresAt, end <= to.time.microseconds { change.after = nil }
            return change
        }
        .filter { $0.before != nil || $0.after != nil }
        .sorted { $0.key < $1.key }
    }
}
