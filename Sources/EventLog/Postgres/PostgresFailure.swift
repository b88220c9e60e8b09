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
