package import Access
package import Commands

/// Access keys in the database. One connection of its own, so that a revocation never queues behind reads.
package final class PostgresAccessKeyStore: AccessKeyStore {
    private let lanes: ReadLanes

    /// Starts the thread, which connects by itself.
    package init(_ configuration: PostgresConfiguration) {
        lanes = ReadLanes(configuration, name: "access", role: .access, connections: 1, maximumWaiting: 64)
    }

    /// Finishes what was asked, then ends thread and connection.
    package func close() async { await lanes.close() }

    package func create(_ key: AccessKey) async throws(EventLogError) {
        try await lanes.run { connection throws(PostgresFailure) in
            connection.parameters.text(key.id)
            connection.parameters.text(key.name)
            connection.parameters.bytes(key.secretHash)
            connection.parameters.texts(key.grant.verbs.map(\.rawValue).sorted())
            connection.parameters.texts(key.grant.prefixes)
            if let rate = key.rate { connection.parameters.int8(Int64(rate)) } else { connection.parameters.null() }
            connection.parameters.timestamp(key.createdAt)
            if let expiry = key.expiresAt {
                connection.parameters.timestamp(expiry)
            } else {
                connection.parameters.null()
            }
            try connection.send(Statements.createAccessKey)
        } receive: { connection throws(PostgresFailure) in
            _ = try connection.next()
        }
    }

    package func unrevoked() async throws(EventLogError) -> [AccessKey] {
        try await keys(Statements.unrevokedAccessKeys)
    }

    package func all() async throws(EventLogError) -> [AccessKey] { try await keys(Statements.allAccessKeys) }

    package func revoke(_ id: String, at time: Timestamp) async throws(EventLogError) -> AccessKey? {
        try await lanes.run { connection throws(PostgresFailure) in
            connection.parameters.text(id)
            connection.parameters.timestamp(time)
            try connection.send(Statements.revokeAccessKey)
        } receive: { connection throws(PostgresFailure) in
            try connection.next().accessKeys().first
        }
    }

    private func keys(_ statement: Statement) async throws(EventLogError) -> [AccessKey] {
        try await lanes.run { connection throws(PostgresFailure) in
            try connection.send(statement)
        } receive: { connection throws(PostgresFailure) in
            try connection.next().accessKeys()
        }
    }
}

extension PostgresResult {
    /// A verb that this version doesn't know grants nothing.
    fileprivate func accessKeys() -> [AccessKey] {
        (0..<rowCount).map { row in
            AccessKey(
                id: text(row, 0), name: text(row, 1), secretHash: data(row, 2),
                grant: Grant(verbs: Set(texts(row, 3).compactMap(Verb.init)), prefixes: texts(row, 4)),
                rate: isNull(row, 5) ? nil : Int(int8(row, 5)), createdAt: timestamp(row, 6),
                expiresAt: isNull(row, 7) ? nil : timestamp(row, 7),
                revokedAt: isNull(row, 8) ? nil : timestamp(row, 8))
        }
    }
}
