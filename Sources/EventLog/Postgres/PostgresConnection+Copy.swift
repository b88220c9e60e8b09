import CLibPQ

/// Bulk reads, and writes. COPY can't ride in a pipeline: the connection leaves pipeline mode for as long as it lasts.
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
        copied = CopiedRows()
        try begin(Statement(name, "COPY (\(query)) TO STDOUT (FORMAT binary)"), PGRES_COPY_OUT, handle)
    }

    private func begin(
        _ statement: Statement, _ status: ExecStatusType, _ handle: OpaquePointer
    ) throws(PostgresFailure) {
        precondition(PQexitPipelineMode(handle) == 1, "a COPY begins on an idle connection")
        guard PQsendQuery(handle, statement.sql) == 1 else { throw lost(statement) }
        let result = try copyResult(handle)
        guard result.status == status else {
            let failure =
                failure(result, statement)
                ?? PostgresFailure(kind: .lost, message: "COPY was not begun", statement: statement.name)
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

    /// Begins to put rows into a table, within the transaction that was begun.
    ///
    /// - Parameter statement: `COPY … FROM STDIN (FORMAT binary)`.
    func beginCopyIn(_ statement: Statement) throws(PostgresFailure) {
        guard let handle, PQtransactionStatus(handle) == PQTRANS_INTRANS else {
            throw PostgresFailure(kind: .notConnected, message: "", statement: statement.name)
        }
        try begin(statement, PGRES_COPY_IN, handle)
        parameters.piece { $0.put(CopiedRows.header) }
    }

    /// Sends the pieces that stand in `parameters`, and empties them.
    func sendPieces() throws(PostgresFailure) {
        defer { parameters.removeAll() }
        guard let handle else { throw PostgresFailure(kind: .lost, message: "the connection was closed") }
        let count = parameters.parameterCount
        let sent = parameters.withParameters { pieces, lengths, _ in
            (0..<count).allSatisfy { PQputCopyData(handle, pieces![$0], lengths![$0]) == 1 }
        }
        guard sent else { throw lost(nil) }
        deadline = .now + configuration.answerTimeout * Self.copyPatience
        while true {
            let pending = PQflush(handle)
            if pending == 0 { return }
            guard pending == 1 else { throw lost(nil) }
            try wait(handle, alsoWritable: true)
            guard PQconsumeInput(handle) == 1 else { throw lost(nil) }
        }
    }

    /// - Throws: what the server refused the rows with.
    func endCopyIn() throws(PostgresFailure) {
        parameters.piece { $0.put(Int16(-1)) }
        try sendPieces()
        guard let handle, PQputCopyEnd(handle, nil) == 1 else { throw lost(nil) }
        try endCopy(handle)
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
