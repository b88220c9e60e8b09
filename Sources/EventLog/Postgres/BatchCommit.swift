import Commands

/// The second round trip of a batch's transaction: every write and COMMIT, in one flush.
struct BatchCommit {
    let write: BatchWrite
    let partition: Partition
    /// Where the projection is written.
    let tables: [ProjectionTable]

    func run(on connection: PostgresConnection) -> Result<BatchWrite, EventLogError> {
        do throws(PostgresFailure) {
            try sendWrites(connection)
        } catch {
            // COMMIT was not handed over yet.
            connection.rollBack()
            return .failure(EventLogError(error))
        }
        do throws(PostgresFailure) {
            try connection.send(Statements.commit)
            try connection.synchronize()
            while connection.hasQueued {
                let result = try connection.next()
                if !connection.hasQueued && result.commandTag != "COMMIT" {
                    throw PostgresFailure(
                        kind: .statement(sqlState: "40000"), message: "COMMIT answered \(result.commandTag)")
                }
            }
        } catch {
            let outcome = outcome(of: error)
            connection.rollBack()
            return .failure(outcome)
        }
        // The commit stands, whatever becomes of the connection now.
        try? connection.finish()
        return .success(write)
    }

    private func outcome(of failure: PostgresFailure) -> EventLogError {
        var error = EventLogError(failure)
        let unknown =
            switch failure.kind {
            case .lost: true
            // The server says which statement it was at: one before COMMIT means that COMMIT did not run.
            case .terminated: failure.statement == Statements.commit.name
            case .statement, .notConnected: false
            }
        if unknown {
            error.code = .outcomeUnknown
            error.message = EventLogError.outcomeUnknownMessage
        }
        return error
    }

    private func sendWrites(_ connection: PostgresConnection) throws(PostgresFailure) {
        let number = Int64(partition.number)
        if write.isEmpty { return }
        if !write.events.isEmpty {
            connection.parameters.int8(number)
            write.events.withUnsafeBufferPointer { connection.parameters.events($0) }
            try connection.send(Statements.appendEvents)
        }
        if !write.projection.isEmpty {
            for table in tables { try write.projection.send(Statements.project[table], for: partition, connection) }
        }
        connection.parameters.int8(number)
        connection.parameters.int8(Int64(write.sequence))
        connection.parameters.bytes(write.tree.encoded)
        connection.parameters.timestamp(write.lastAppliedAt)
        try connection.send(Statements.advancePartition)
        if !write.applied.isEmpty {
            let applied = write.applied.map { (origin: $0.key.bitPattern, n: Int64($0.value)) }
            connection.parameters.int8(number)
            connection.parameters.int8s(applied.map(\.origin))
            connection.parameters.int8s(applied.map(\.n))
            connection.parameters.timestamp(write.lastAppliedAt)
            try connection.send(Statements.advanceOrigins)
        }
        if !write.deadLetters.isEmpty {
            connection.parameters.int8(number)
            write.deadLetters.withUnsafeBufferPointer { connection.parameters.deadLetters($0) }
            connection.parameters.int8(Int64(write.sequence))
            try connection.send(Statements.buryCommands)
        }
        if !write.revived.isEmpty {
            connection.parameters.int8(number)
            connection.parameters.uuids(write.revived)
            try connection.send(Statements.releaseDeadLetters)
        }
        if !write.erasures.isEmpty {
            connection.parameters.int8(number)
            write.erasures.withUnsafeBufferPointer { connection.parameters.erasures($0) }
            try connection.send(Statements.eraseValues)
            for table in [ProjectionTable.odd, .even] {
                connection.parameters.int8(number)
                write.erasures.withUnsafeBufferPointer { connection.parameters.erasures($0) }
                try connection.send(Statements.eraseProjected[table])
            }
            connection.parameters.int8(number)
            write.erasures.filter { $0.deadLettersThrough != nil }.withUnsafeBufferPointer { letters in
                connection.parameters.texts(letters) { $0.key.text }
                connection.parameters.timestamps(letters) { $0.deadLettersThrough }
            }
            connection.parameters.bytes(ErasedVersions.inPlaceOfCommands)
            try connection.send(Statements.eraseDeadLetters)
        }
    }
}

/// The columns of `append_events`, `bury_commands` and `erase_values`, in their order.
extension ParameterBuffer {
    fileprivate mutating func events(_ rows: UnsafeBufferPointer<Event>) {
        int8s(rows) { Int64($0.sequence) }
        texts(rows) { $0.kind.rawValue }
        texts(rows) { $0.key.text }
        bytesArray(rows) { $0.content?.value }
        bytesArray(rows) { $0.salt }
        bytesArray(rows) { $0.commitment }
        optionalInt8s(rows) { $0.size.map { Int64($0) } }
        texts(rows) { $0.contentType }
        timestamps(rows) { $0.expiresAt }
        optionalInt8s(rows) { $0.previousVersion.map { Int64($0) } }
        texts(rows) { $0.reason }
        texts(rows) { $0.principal }
        uuids(rows) { $0.commandID }
        bytesArray(rows) { $0.fingerprint?.bytes }
        optionalInt8s(rows) { $0.dot?.origin.bitPattern }
        optionalInt8s(rows) { $0.dot.map { Int64($0.n) } }
        texts(rows) { $0.traceparent }
        timestamps(rows) { $0.issuedAt }
        timestamps(rows) { $0.appliedAt }
        bytesArray(rows) { $0.leafHash }
    }

    fileprivate mutating func deadLetters(_ rows: UnsafeBufferPointer<DeadLetter>) {
        uuids(rows) { $0.command.id }
        texts(rows) { $0.command.key.text }
        bytesArray(rows) { EncodedCommand($0.command).bytes }
        int8s(rows) { $0.dot.origin.bitPattern }
        int8s(rows) { Int64($0.dot.n) }
        texts(rows) { $0.reason }
        timestamps(rows) { $0.diedAt }
        bytesArray(rows) { $0.command.fingerprint?.bytes }
    }

    fileprivate mutating func erasures(_ rows: UnsafeBufferPointer<ErasedVersions>) {
        texts(rows) { $0.key.text }
        int8s(rows) { Int64($0.first) }
        int8s(rows) { Int64($0.last) }
    }
}
