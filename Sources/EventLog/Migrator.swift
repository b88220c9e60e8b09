import Commands
import Foundation
import Migrations

/// Brings the schema up to this version and creates the cluster in an empty database. Safe to run again, and from
/// several processes at once.
package enum Migrator {
    /// Several processes that start together wait for the one that migrates.
    private static let guardPatience = Duration.seconds(600)
    /// Of errors that two schema changes at once make on PostgreSQL, `IF NOT EXISTS` or not: unique violation in its
    /// catalogue, duplicate table or object, a tuple that changed meanwhile, serialization.
    private static let raceStates: Set<String> = ["23505", "42P07", "42710", "XX000", "40001"]

    /// Applies what is missing, one statement a transaction, and creates the cluster, its partitions and leases.
    ///
    /// - Parameters:
    ///   - partitions: for a new cluster, and what an existing one must have; `nil` takes an existing one as it is.
    ///   - usualPartitions: for a new cluster when `partitions` is `nil`.
    ///   - progress: called with the name of each migration before it runs, on the connection's thread.
    /// - Throws: `misconfigured` when the cluster has another number of partitions, when the schema is of a newer
    ///   version, or when the database doesn't compare texts by bytes.
    @discardableResult
    package static func migrate(
        _ configuration: PostgresConfiguration, partitions: Int? = nil, usualPartitions: Int = 16,
        progress: @escaping @Sendable (String) -> Void = { _ in }
    ) async throws(EventLogError) -> ClusterDescription {
        if let partitions, !Partitioner.allowedCounts.contains(partitions) {
            throw EventLogError(.misconfigured, "partitions: 1 to 1,024, not \(partitions).")
        }
        return try await OneOffLane.run(configuration, role: .migration) { connection throws(EventLogError) in
            try MigrationRun(
                connection: connection, partitions: partitions, usualPartitions: usualPartitions, progress: progress
            ).run()
        }
    }

    /// One run, on its lane's thread.
    private struct MigrationRun {
        let connection: PostgresConnection
        let partitions: Int?
        let usualPartitions: Int
        let progress: @Sendable (String) -> Void
        let owner = UUID()

        func run() throws(EventLogError) -> ClusterDescription {
            try checkCollation()
            for statement in MigrationStatements.createTables { try runSchemaChange(statement) }
            if try !pending().isEmpty {
                try waitForGuard()
                defer { releaseGuard() }
                for migration in try pending() {
                    progress(migration.name)
                    try waitForGuard()
                    try runSchemaChange(Statement(migration.name, migration.sql))
                    try run { () throws(PostgresFailure) in
                        connection.parameters.int8(migration.version)
                        connection.parameters.text(migration.name)
                        _ = try connection.run(MigrationStatements.recordVersion)
                    }
                }
            }
            return try createCluster()
        }

        // MARK: - Schema

        private func pending() throws(EventLogError) -> [(version: Int64, name: String, sql: String)] {
            let applied = try run { () throws(PostgresFailure) in
                let result = try connection.run(MigrationStatements.appliedVersions)
                return (0..<result.rowCount).map { result.int8($0, 0) }
            }
            let all = Migrations.all.enumerated().map { (Int64($0.offset + 1), $0.element.name, $0.element.sql) }
            if let newest = applied.last, newest > Int64(all.count) {
                throw EventLogError(
                    .misconfigured,
                    "The schema is at version \(newest), and this program knows \(all.count): run the newer program.")
            }
            return all.filter { !applied.contains($0.0) }
        }

        private func runSchemaChange(_ statement: Statement) throws(EventLogError) {
            var attempt = 1
            while true {
                do throws(PostgresFailure) {
                    _ = try connection.run(statement)
                    return
                } catch {
                    guard let state = error.sqlState, raceStates.contains(state), attempt < 10 else {
                        throw EventLogError(error)
                    }
                }
                Thread.sleep(forTimeInterval: 0.02 * Double(attempt) * Double.random(in: 0.5...1.5))
                attempt += 1
            }
        }

        private func checkCollation() throws(EventLogError) {
            let byLocale = try run { () throws(PostgresFailure) in
                try connection.run(MigrationStatements.compareTexts).bool(0, 0)
            }
            guard byLocale else { return }
            throw EventLogError(
                .misconfigured,
                """
                The database compares texts by a locale, and keys are listed by their bytes: create it with \
                CREATE DATABASE … LC_COLLATE 'C' TEMPLATE template0.
                """)
        }

        // MARK: - Guard

        /// Takes the guard, or renews it.
        private func waitForGuard() throws(EventLogError) {
            let deadline = ContinuousClock.now + guardPatience
            while try !takeGuard() {
                guard ContinuousClock.now < deadline else {
                    throw EventLogError(
                        .unavailable,
                        "Another process has been migrating for \(guardPatience). Look what it waits for.")
                }
                Thread.sleep(forTimeInterval: 0.1)
            }
        }

        private func takeGuard() throws(EventLogError) -> Bool {
            try run { () throws(PostgresFailure) in
                connection.parameters.uuid(owner)
                return try connection.run(MigrationStatements.takeGuard).rowCount == 1
            }
        }

        private func releaseGuard() {
            connection.parameters.uuid(owner)
            // Where this fails the guard expires.
            _ = try? connection.run(MigrationStatements.releaseGuard)
        }

        // MARK: - Cluster

        private func createCluster() throws(EventLogError) -> ClusterDescription {
            if let cluster = try ClusterDescription.load(connection) {
                try cluster.expect(partitions)
                try createRows(of: cluster)
                return cluster
            }
            // Swift's default generator is the system's, fit for secrets.
            let secret = Data((0..<ClusterDescription.secretByteCount).map { _ in UInt8.random(in: 0...255) })
            try run { () throws(PostgresFailure) in
                connection.parameters.uuid(UUID())
                connection.parameters.int8(Int64(partitions ?? usualPartitions))
                connection.parameters.bytes(secret)
                _ = try connection.run(MigrationStatements.createCluster)
            }
            guard let cluster = try ClusterDescription.load(connection) else {
                throw EventLogError(.unavailable, "The cluster's row vanished while it was created. Run it again.")
            }
            try cluster.expect(partitions)
            try createRows(of: cluster)
            return cluster
        }

        private func createRows(of cluster: ClusterDescription) throws(EventLogError) {
            for statement in [MigrationStatements.createPartitions, MigrationStatements.createLeases] {
                try run { () throws(PostgresFailure) in
                    connection.parameters.int8s(cluster.partitioner.partitions.map { Int64($0.number) })
                    connection.parameters.timestamp(Timestamp(microseconds: 0))
                    _ = try connection.run(statement)
                }
            }
        }

        private func run<Value>(_ work: () throws(PostgresFailure) -> Value) throws(EventLogError) -> Value {
            do throws(PostgresFailure) { return try work() } catch { throw EventLogError(error) }
        }
    }
}
