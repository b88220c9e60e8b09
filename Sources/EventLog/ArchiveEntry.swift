package import Commands
package import Foundation

/// One file of the archive, as the database knows it.
package struct ArchiveEntry: Sendable, Equatable {
    package var partition: Partition
    package var first: UInt64
    package var last: UInt64
    /// Its name in the archive's directory.
    package var file: String
    /// SHA-256 of the file.
    package var checksum: Data
    /// The partition's tree after `last`.
    package var tree: MerkleFrontier

    package init(
        partition: Partition, first: UInt64, last: UInt64, file: String, checksum: Data, tree: MerkleFrontier
    ) {
        self.partition = partition
        self.first = first
        self.last = last
        self.file = file
        self.checksum = checksum
        self.tree = tree
    }
}

/// Whoever can read the values that the log has no more.
package protocol ArchivedValues: Sendable {
    /// The events of one partition, with the values of those that are archived, as far as they can be read.
    func fill(_ events: [Event]) async -> [Event]
}
