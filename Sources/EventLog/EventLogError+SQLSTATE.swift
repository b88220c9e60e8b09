extension EventLogError {
    /// The one place where SQLSTATEs become codes.
    init(_ failure: PostgresFailure) {
        let (code, message): (Code, String) =
            switch failure.kind {
            case .notConnected: (.unavailable, "The database can't be reached. Try again shortly.")
            case .lost: (.unavailable, "The connection to the database was lost. Try again shortly.")
            case .terminated: (.unavailable, "The database ended the connection. Try again shortly.")
            case .statement(let state): Self.meaning(of: state, constraint: failure.constraint)
            }
        var metadata = ["database.message": failure.message]
        if let state = failure.sqlState { metadata["sqlstate"] = state }
        if !failure.statement.isEmpty { metadata["sql.statement"] = failure.statement }
        if !failure.constraint.isEmpty { metadata["sql.constraint"] = failure.constraint }
        self.init(code, message, metadata: metadata)
    }

    private static func meaning(of state: String, constraint: String) -> (Code, String) {
        switch state {
        case "40003": return (.outcomeUnknown, outcomeUnknownMessage)
        case "23505":
            // Any other key collides only with a transaction that PostgreSQL noticed a moment too late to say 40001.
            return ["events_by_command", "dead_letters_pkey"].contains(constraint)
                ? (.duplicateCommand, "The log has this command already.") : (.contended, contendedMessage)
        case "42501":
            return (.misconfigured, "The database role lacks a privilege: grant it SELECT, INSERT, UPDATE and DELETE.")
        default: break
        }
        switch state.prefix(2) {
        case "40": return (.contended, contendedMessage)
        case "21", "22", "23", "54":
            return (.rejectedStatement, "The database refuses the content (SQLSTATE \(state)).")
        case "0A", "3D", "3F", "28", "42":
            return (
                .misconfigured,
                """
                The database is not what this version expects (SQLSTATE \(state)): check the connection string, and run \
                `tidemark migrate`.
                """
            )
        default:
            return (.unavailable, "The database can't serve the request now (SQLSTATE \(state)). Try again shortly.")
        }
    }

    static let outcomeUnknownMessage = "The answer to the commit was lost: it may have been written or not."
    private static let contendedMessage = "Too many conflicting transactions. Try again shortly."
}
