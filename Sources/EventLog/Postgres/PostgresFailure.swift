import CLibPQ

/// What libpq or the server reported.
struct PostgresFailure: Error, Sendable {
    enum Kind: Sendable, Equatable {
        /// The server refused the statement; the connection stands.
        case statement(sqlState: String)
        /// The server ended the connection and said so in the statement's place: it did not run, nor did those after it.
        case terminated(sqlState: String)
        /// The connection broke, or no answer came in time: what was sent may have run.
        case lost
        /// There was no connection to begin with.
        case notConnected
    }

    var kind: Kind
    /// The server's words: for the log only, they can hold values.
    var message: String
    /// The violated constraint, if any.
    var constraint = ""
    /// The name of the statement in `Statements`.
    var statement = ""

    var connectionIsGone: Bool {
        switch kind {
        case .statement: false
        case .terminated, .lost, .notConnected: true
        }
    }

    var sqlState: String? {
        switch kind {
        case .statement(let state), .terminated(let state): state
        case .lost, .notConnected: nil
        }
    }
}

extension PostgresFailure {
    /// - Returns: `nil` when the result is none of a failure.
    init?(_ result: borrowing PostgresResult, statement: String) {
        switch result.status {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_COPY_OUT, PGRES_COPY_IN: return nil
        case PGRES_PIPELINE_ABORTED:
            self.init(
                kind: .statement(sqlState: "25P02"), message: "skipped after an error", statement: statement)
        default:
            let state = result.errorField("C")
            let fatal = result.errorField("V") == "FATAL" || result.errorField("V") == "PANIC"
            let kind: Kind =
                switch state {
                case nil: .lost
                case let state? where fatal: .terminated(sqlState: state)
                case let state?: .statement(sqlState: state)
                }
            self.init(
                kind: kind, message: result.errorMessage, constraint: result.errorField("n") ?? "",
                statement: statement)
        }
    }
}
