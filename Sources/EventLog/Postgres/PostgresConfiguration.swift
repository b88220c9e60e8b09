import Lanes

/// How to reach the database, and how long to wait for it.
package struct PostgresConfiguration: Sendable {
    /// A libpq URI or keyword string. Several hosts are tried in order (`postgresql://a:26257,b:26257/tidemark`), the one
    /// that was connected last first. Standbys and read-only servers are passed over, whatever `target_session_attrs` says.
    package var connectionString: String
    /// In place of the one in the connection string; from a file, say.
    package var password: String?
    /// Unless the connection string names one.
    package var applicationName: String
    /// For each host, from the first packet to a session. Of several hosts none gets more than two seconds.
    package var connectTimeout: Duration
    /// When the server gives a statement up. Zero: never.
    package var statementTimeout: Duration
    /// When this side gives the server up, so that one that answers no more can't hold a lane for ever. For each
    /// round trip; longer than `statementTimeout`.
    package var answerTimeout: Duration

    package init(
        connectionString: String, password: String? = nil, applicationName: String = "tidemark",
        connectTimeout: Duration = .seconds(5), statementTimeout: Duration = .seconds(10),
        answerTimeout: Duration = .seconds(15)
    ) {
        self.connectionString = connectionString
        self.password = password
        self.applicationName = applicationName
        self.connectTimeout = connectTimeout
        self.statementTimeout = statementTimeout
        self.answerTimeout = answerTimeout
    }
}

/// What a connection is for; decides the session's settings.
enum PostgresRole: String, Sendable {
    /// Batches. SERIALIZABLE, on both servers.
    case writer
    /// Single-statement reads, each on a snapshot of its own. READ COMMITTED: on PostgreSQL a serializable read would
    /// make writers fail that have nothing to do with it, and a standby can't offer one.
    case reader
    /// Leases: single statements that compare and set under row locks, which READ COMMITTED does without retries.
    case leases
    /// Access keys: single statements, as with leases.
    case access
    /// Archiving, export and what an erasure looks for: reads, and single statements that are safe to run twice.
    case retention
    /// Schema changes: take as long as they take.
    case migration
    /// Streams of whole tables, for tools: as long as they take, too.
    case scan
    /// A rebuild of the projection: bulk reads that take as long as they take, and writes under row locks.
    case rebuild

    /// Whether its connections ask for read-only transactions themselves.
    var isReader: Bool { self == .reader || self == .scan }

    /// `SET` on connect, as libpq's `options` has it; a blank within a value needs a backslash.
    func options(statementTimeout: Duration) -> String {
        let limit = [.migration, .scan, .rebuild].contains(self) ? 0 : statementTimeout.inMilliseconds
        var settings = ["timezone=UTC", "statement_timeout=\(limit)"]
        switch self {
        case .writer:
            settings += [
                "default_transaction_isolation=serializable",
                // A worker that stops between the two round trips must not keep the partition's row from its successor.
                "idle_in_transaction_session_timeout=5000",
                // A sequential scan of a small table locks all of it against every other serializable transaction.
                "enable_seqscan=off",
            ]
        case .reader:
            settings += ["default_transaction_isolation=read\\ committed", "default_transaction_read_only=on"]
        case .scan:
            settings += [
                "default_transaction_isolation=read\\ committed", "default_transaction_read_only=on",
                // Rows come in the order of an index; sorting wide rows would go through the disk.
                "enable_seqscan=off",
            ]
        case .leases, .access, .retention, .migration:
            settings += ["default_transaction_isolation=read\\ committed"]
        case .rebuild:
            settings += [
                "default_transaction_isolation=read\\ committed",
                // A stretch of events may be the most of a small log: by the index all the same, and sorted by nobody.
                "enable_seqscan=off",
                // One that stops at the switch must not keep the partition's row from its owner.
                "idle_in_transaction_session_timeout=5000",
            ]
        }
        return settings.map { "-c \($0)" }.joined(separator: " ")
    }
}
