import Commands

extension PostgresConnection {
    private static let pieceBytes = 128 << 10

    /// Adds rows of keys that have none, within the transaction that was begun.
    func add(
        _ rows: some Sequence<(key: Key, value: StoredValue)>, of partition: Partition, to table: ProjectionTable
    ) throws(PostgresFailure) {
        var isBegun = false
        for row in rows {
            if !isBegun { try beginCopyIn(Statements.copyRows[table]) }
            isBegun = true
            parameters.piece { $0.row(row.key, row.value, partition) }
            if parameters.byteCount >= Self.pieceBytes { try sendPieces() }
        }
        if isBegun { try endCopyIn() }
    }
}

extension Array where Element == (key: Key, value: StoredValue) {
    /// Sends the rows, one a key, to a table of the projection.
    func send(
        _ statement: Statement, for partition: Partition, _ connection: PostgresConnection
    ) throws(PostgresFailure) {
        connection.parameters.int8(Int64(partition.number))
        withUnsafeBufferPointer { connection.parameters.projection($0) }
        try connection.send(statement)
    }
}

/// The columns of `project` and `copy_rows`, in their order.
extension ParameterBuffer {
    fileprivate mutating func projection(_ rows: UnsafeBufferPointer<(key: Key, value: StoredValue)>) {
        texts(rows) { $0.key.text }
        int8s(rows) { Int64($0.value.state.version) }
        int8s(rows) { Int64($0.value.state.createdVersion) }
        bytesArray(rows) { $0.value.content.value }
        texts(rows) { $0.value.content.type }
        timestamps(rows) { $0.value.state.expiresAt }
        bools(rows) { $0.value.state.deleted }
        timestamps(rows) { $0.value.modifiedAt }
    }

    fileprivate mutating func row(_ key: Key, _ value: StoredValue, _ partition: Partition) {
        put(Int16(9))
        field { $0.put(key.text) }
        field { $0.put(Int64(partition.number)) }
        field { $0.put(Int64(value.state.version)) }
        field { $0.put(Int64(value.state.createdVersion)) }
        field { $0.put(value.content.value) }
        field { $0.put(value.content.type) }
        optionalField { buffer in
            guard let time = value.state.expiresAt else { return false }
            buffer.put(time.sinceMillennium)
            return true
        }
        field { $0.put(UInt8(value.state.deleted ? 1 : 0)) }
        field { $0.put(value.modifiedAt.sinceMillennium) }
    }
}
