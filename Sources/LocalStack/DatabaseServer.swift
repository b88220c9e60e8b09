package import Foundation

/// A private SQL database: PostgreSQL, or CockroachDB where it is on PATH.
package protocol DatabaseServer: Server {
    /// For libpq; contains the password, if there is one.
    func connectionString(database: String) -> String
    /// Does nothing when it is there.
    func createDatabase(_ name: String) async throws
    /// Ends its sessions first; does nothing when it is not there.
    func dropDatabase(_ name: String) async throws
}

extension DatabaseServer {
    /// The database that is always there.
    package var connectionString: String { connectionString(database: DatabaseServers.mainDatabase) }
}

package enum DatabaseServers {
    /// The database, and the user that owns it.
    package static let mainDatabase = "tidemark"

    /// CockroachDB when `cockroach` is on PATH, unless `directory` already holds PostgreSQL's data; else PostgreSQL.
    /// The data is in a folder of `directory`. Nothing runs yet.
    package static func preferred(directory: URL) throws -> any DatabaseServer {
        let postgres = directory.appendingPathComponent("postgres")
        let hasData = FileManager.default.fileExists(atPath: postgres.appendingPathComponent("data").path)
        if !hasData, let cockroach = ExecutableFinder.locate("cockroach") {
            return try CockroachServer(
                executable: cockroach, directory: directory.appendingPathComponent("cockroach"))
        }
        return try PostgresServer(directory: postgres)
    }
}
