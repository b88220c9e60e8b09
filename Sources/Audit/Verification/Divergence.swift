package import Commands

/// Where the log, its trees and the projection stop agreeing.
package struct Divergence: Error, Sendable, Equatable {
    package enum Table: String, Sendable {
        case events, kv, partitions, origins, checkpoint
    }

    package var partition: Partition
    /// The first that is concerned.
    package var sequence: UInt64
    package var table: Table
    /// The column; several where what is there doesn't tell which of them was changed.
    package var fields: [String]
    package var key: String?
    /// A sentence.
    package var detail: String

    package init(
        partition: Partition, sequence: UInt64, table: Table, fields: [String], key: String? = nil, detail: String
    ) {
        self.partition = partition
        self.sequence = sequence
        self.table = table
        self.fields = fields
        self.key = key
        self.detail = detail
    }

    package var field: String { fields.joined(separator: " or ") }
}
