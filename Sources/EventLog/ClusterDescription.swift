package import Commands
package import Foundation

/// What was fixed when the cluster was created, as its database tells it.
package struct ClusterDescription: Sendable, Equatable {
    package static let secretByteCount = 32

    package var id: UUID
    package var partitioner: Partitioner
    /// Keys the tags of command ids and session tokens. Never logged.
    package var secret: Data

    package init(id: UUID, partitioner: Partitioner, secret: Data) {
        self.id = id
        self.partitioner = partitioner
        self.secret = secret
    }

    /// Reads it, on a connection of its own that is closed again.
    ///
    /// - Parameter partitions: what this process is configured for; `nil` takes what the cluster has.
    /// - Throws: `misconfigured` when there is no cluster, or one with another number of partitions.
    package static func load(
        _ configuration: PostgresConfiguration, partitions: Int? = nil
    ) async throws(EventLogError) -> ClusterDescription {
        let found = try await OneOffLane.run(configuration, role: .reader) { connection throws(EventLogError) in
            try load(connection)
        }
        guard let found else {
            throw EventLogError(.misconfigured, "The database holds no cluster yet: run `tidemark migrate` first.")
        }
        try found.expect(partitions)
        return found
    }

    /// - Returns: `nil` when none was created yet.
    static func load(_ connection: PostgresConnection) throws(EventLogError) -> ClusterDescription? {
        do throws(PostgresFailure) {
            return try connection.run(Statements.loadCluster).cluster()
        } catch {
            throw EventLogError(error)
        }
    }

    func expect(_ partitions: Int?) throws(EventLogError) {
        guard let partitions, partitions != partitioner.count else { return }
        throw EventLogError(
            .misconfigured,
            """
            This process is configured for \(partitions) partitions, but the cluster was created with \
            \(partitioner.count), and that never changes: set partitions to \(partitioner.count) or leave it out, or \
            use an empty database.
            """)
    }
}

extension PostgresResult {
    fileprivate func cluster() -> ClusterDescription? {
        guard rowCount == 1 else { return nil }
        return ClusterDescription(
            id: uuid(0, 0), partitioner: Partitioner(count: Int(int8(0, 1))), secret: data(0, 2))
    }
}
