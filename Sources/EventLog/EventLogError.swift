/// What went wrong with the database. SQLSTATEs become these codes in one place, `EventLogError+SQLSTATE.swift`.
package struct EventLogError: Error, Sendable {
    package enum Code: String, Sendable {
        /// No connection, or it was lost before the commit was sent: nothing was written. May be retried.
        case unavailable
        /// Too many requests are waiting for the database. May be retried.
        case overloaded
        /// Serialization failures did not end within the bounded number of attempts: nothing was written. May be retried.
        case contended
        /// The answer to COMMIT was lost (40003, broken connection): written or not. Run it again by command id.
        case outcomeUnknown
        /// The partition belongs to a newer epoch. Stop.
        case fenced
        /// The log has this command already (unique violation on the command id).
        case duplicateCommand
        /// The database refuses the content; it will each time.
        case rejectedStatement
        /// This process is configured otherwise than the cluster was created, or the schema is another version's.
        case misconfigured
    }

    package var code: Code
    /// Safe to show: no SQL, no host, no values.
    package var message: String
    /// For the log only.
    package var metadata: [String: String]

    package init(_ code: Code, _ message: String, metadata: [String: String] = [:]) {
        self.code = code
        self.message = message
        self.metadata = metadata
    }
}
