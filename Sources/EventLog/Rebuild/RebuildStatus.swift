package import Commands
package import Foundation

/// The generations of the projection, partition by partition, as the database tells them.
package struct RebuildStatus: Sendable {
    package enum Stage: String, Sendable, Codable {
        /// The new generation is not served yet.
        case building
        /// The new generation is served, and the old one is kept up to date.
        case swapped
        /// The old generation is served again, and the new one is kept up to date.
        case rolledBack = "rolled-back"
        /// The generation that isn't served is being deleted.
        case dropping
    }

    package struct Row: Sendable {
        package var partition: Partition
        /// Of the partition's log.
        package var sequence: UInt64
        /// Of the projection that is served.
        package var generation: Int64
        package var isMirrored: Bool
        /// `nil` when there is one generation alone.
        package var standby: Standby?
    }

    /// The generation that is not served.
    package struct Standby: Sendable {
        package var stage: Stage
        /// How far it has come.
        package var sequence: UInt64
        /// Whether a process works on it at the moment.
        package var isHeld: Bool
        /// Until when, unless the process renews it.
        var heldUntil: Timestamp
        package var verifiedAt: UInt64?
        package var rows: UInt64?
        package var digest: Data?
        package var startedAt: Timestamp
    }

    /// In partition order.
    package var rows: [Row]

    /// Partitions whose new generation is not served yet.
    package var building: [Row] { rows.filter { $0.standby?.stage == .building } }

    package func has(_ stage: Stage) -> Bool { rows.contains { $0.standby?.stage == stage } }

    /// Where the generation that isn't served lives; `nil` while partitions differ in it.
    var standbyTable: ProjectionTable? {
        let tables = Set(rows.map { ProjectionTable(ofGeneration: $0.generation) })
        return tables.count == 1 ? tables.first?.other : nil
    }
}

extension PostgresResult {
    /// `rebuild_status`.
    func rebuildStatus() -> RebuildStatus {
        RebuildStatus(
            rows: (0..<rowCount).map { row in
                var found = RebuildStatus.Row(
                    partition: Partition(Int(int8(row, 0))), sequence: unsigned(row, 1), generation: int8(row, 2),
                    isMirrored: bool(row, 3))
                guard !isNull(row, 4) else { return found }
                guard let stage = RebuildStatus.Stage(rawValue: text(row, 4)) else {
                    preconditionFailure("a rebuild's stage that this version doesn't know: \(text(row, 4))")
                }
                found.standby = RebuildStatus.Standby(
                    stage: stage, sequence: unsigned(row, 5), isHeld: bool(row, 6),
                    heldUntil: timestamp(row, 11), verifiedAt: isNull(row, 7) ? nil : unsigned(row, 7),
                    rows: isNull(row, 8) ? nil : unsigned(row, 8),
                    digest: isNull(row, 9) ? nil : data(row, 9), startedAt: timestamp(row, 10))
                return found
            })
    }
}
