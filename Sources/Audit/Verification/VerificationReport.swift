package import Commands
package import EventLog

/// What a verification found.
package struct VerificationReport: Sendable {
    package struct Row: Sendable {
        package var partition: Partition
        /// Of the events up to where the partition stood.
        package var tree: MerkleFrontier
        /// How many were verified: all, or those after a checkpoint.
        package var events: UInt64
        package var divergence: Divergence?

        package var size: UInt64 { tree.size }
    }

    /// In order of partition.
    package var rows: [Row]
    /// Rows of the projection that were compared.
    package var projected: UInt64

    package var events: UInt64 { rows.reduce(0) { $0 + $1.events } }
    package var divergences: [Divergence] { rows.compactMap(\.divergence) }
}
