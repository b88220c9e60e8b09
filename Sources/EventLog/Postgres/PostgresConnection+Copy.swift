import CLibPQ

/// Bulk reads. COPY can't ride in a pipeline: the connection leaves pipeline mode for as long as it lasts.
extension PostgresConnection {
    /// A scan may go over many rows before it finds one.
    private static let copyPatience = 20

    /// Begins to stream what a query finds. The server waits when the rows aren't taken, so nothing gathers here.
    ///
    /// - Parameters:
    ///   - name: for logs.
    ///   - query: COPY takes no parameters: numbers stand in the text.
    ///   - inTransaction: within the transaction that was begun: it fails when that is gone.
    func beginCopy(_ name: String, _ query: String, inTransaction: Bool = false) throws(PostgresFailure) {
        if !inTransaction { try open() }
        guard let handle, !inTransaction || PQtransactionStatus(handle) == PQTRANS_INTRANS else {
            throw PostgresFailure(kind: .notConnected, message: "", statement: name)
        }
        precondition(PQexitPipelineMode(handle) == 1, "a COPY begins on an idle connection")
        copied = CopiedRows()
        let statement = Statement(name, "COPY (\(query)) TO STDOUT (FORMAT binary)")
        guard PQsendQuery(handle, statement.sql) == 1 else { throw lost(statement) }
        let result = try copyResult(handle)
        guard result.status == PGRES_COPY_OUT else {
            let failure =
                failure(result, statement)
                ?? PostgresFailure(kind: .lost, message: "COPY was not begun", statement: name)
            // What follows an error is of no interest.
            close()
            throw failure
        }
    }

    /// - Returns: `nil` at the end; the connection is then as it was before.
    func nextCopiedRow() throws(PostgresFailure) -> CopiedRow? {
        while true {
            if let row = copied.next() { return row }
            guard let handle else { throw PostgresFailure(kind: .lost, message: "the connection was closed") }
            var message: UnsafeMutablePointer<CChar>?
            let count = PQgetCopyData(handle, &message, 1)
            if count > 0, let message {
                copied.take(message, count: Int(count))
            } else if count == 0 {
                deadline = .now + configuration.answerTimeout * Self.copyPatience
                try wait(handle, alsoWritable: false)
                guard PQconsumeInput(handle) == 1 else { throw lost(nil) }
            } else {
                try endCopy(handle)
                return nil
            }
        }
    }

    /// - Throws: what the server ended the COPY with.
    private func endCopy(_ handle: OpaquePointer) throws(PostgresFailure) {
        let result = try copyResult(handle)
        if let failure = failure(result, nil) {
            close()
            throw failure
        }
        while let rest = PQgetResult(handle) { PQclear(rest) }
        copied = CopiedRows()
        precondition(PQenterPipelineMode(handle) == 1, "a COPY has ended")
    }

    private func copyResult(_ handle: OpaquePointer) throws(PostgresFailure) -> PostgresResult {
        deadline = .now + configuration.answerTimeout * Self.copyPatience
        while true {
            let pending = PQflush(handle)
            if pending < 0 { throw lost(nil) }
            if PQisBusy(handle) == 0 { break }
            try wait(handle, alsoWritable: pending == 1)
            guard PQconsumeInput(handle) == 1 else { throw lost(nil) }
        }
        guard let raw = PQgetResult(handle) else { throw lost(nil) }
        return PostgresResult(adopting: raw)
    }
}
