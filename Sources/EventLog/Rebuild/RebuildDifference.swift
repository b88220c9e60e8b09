package import Commands

/// Where the live projection and the rebuilt one disagree first.
package struct RebuildDifference: Sendable, Equatable {
    package var partition: Partition
    /// Where both stand.
    package var sequence: UInt64
    /// The first such key in byte order.
    package var key: Key
    /// The first column that differs; `key` when only one of them has a row.
    package var column: String
    /// How many keys differ, as far as they were looked at.
    package var keys: Int
}
