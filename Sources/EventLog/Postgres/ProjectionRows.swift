import Commands

extension Array where Element == (key: Key, value: StoredValue) {
    /// Sends the rows, one a key, to a table of the projection: by `project`, or by `add_rows`.
    func send(
        _ statement: Statement, for partition: Partition, _ connection: PostgresConnection
    ) throws(PostgresFailure) {
        connection.parameters.int8(Int64(partition.number))
        withUnsafeBufferPointer { connection.parameters.projection($0) }
        try connection.send(statement)
    }
}

/// The columns of `project` and `add_rows`, in their order.
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
}
