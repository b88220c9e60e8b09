import CLibPQ
import Foundation

/// A bare libpq connection with blocking calls, for the loops that Tidemark is compared with.
final class PostgresSession {
    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    private let handle: OpaquePointer

    init(_ url: String) throws {
        guard let handle = PQconnectdb(url) else { throw Failure(description: "no memory for a connection") }
        self.handle = handle
        guard PQstatus(handle) == CONNECTION_OK else { throw failure() }
    }

    deinit { PQfinish(handle) }

    /// Several statements may be in `sql`.
    ///
    /// - Returns: the first field of the last statement's first row, as text.
    @discardableResult
    func run(_ sql: String) throws -> String? {
        try take(PQexec(handle, sql))
    }

    func prepare(_ name: String, _ sql: String) throws {
        try take(PQprepare(handle, name, sql, 0, nil))
    }

    /// Runs a prepared statement with parameters in binary.
    func run(_ name: String, _ parameters: [[UInt8]]) throws {
        let formats = [Int32](repeating: 1, count: parameters.count)
        let lengths = parameters.map { Int32($0.count) }
        let whole = parameters.flatMap { $0 }
        try whole.withUnsafeBytes { bytes in
            var position = 0
            let values = parameters.map { parameter -> UnsafePointer<CChar>? in
                defer { position += parameter.count }
                return bytes.baseAddress?.advanced(by: position).assumingMemoryBound(to: CChar.self)
            }
            try take(PQexecPrepared(handle, name, Int32(parameters.count), values, lengths, formats, 1))
        }
    }

    func copy(into table: String, _ rows: BinaryRows) throws {
        let begun = PQexec(handle, "COPY \(table) FROM STDIN (FORMAT binary)")
        defer { PQclear(begun) }
        guard PQresultStatus(begun) == PGRES_COPY_IN else { throw failure() }
        let sent = rows.bytes.withUnsafeBytes {
            PQputCopyData(handle, $0.baseAddress?.assumingMemoryBound(to: CChar.self), Int32($0.count))
        }
        guard sent == 1, PQputCopyEnd(handle, nil) == 1 else { throw failure() }
        while let result = PQgetResult(handle) { try take(result) }
    }

    /// - Returns: how many rows came. They are not looked at.
    func copyOut(_ table: String) throws -> Int {
        let begun = PQexec(handle, "COPY \(table) TO STDOUT (FORMAT binary)")
        defer { PQclear(begun) }
        guard PQresultStatus(begun) == PGRES_COPY_OUT else { throw failure() }
        var message: UnsafeMutablePointer<CChar>?
        // The trailer is a message as well.
        var rows = -1
        while PQgetCopyData(handle, &message, 0) > 0 {
            PQfreemem(message)
            rows += 1
        }
        while let result = PQgetResult(handle) { try take(result) }
        return rows
    }

    @discardableResult
    private func take(_ result: OpaquePointer?) throws -> String? {
        defer { PQclear(result) }
        guard [PGRES_COMMAND_OK, PGRES_TUPLES_OK].contains(PQresultStatus(result)) else { throw failure() }
        guard PQntuples(result) > 0, PQfformat(result, 0) == 0 else { return nil }
        return PQgetvalue(result, 0, 0).map { String(cString: $0) }
    }

    private func failure() -> Failure {
        Failure(description: String(cString: PQerrorMessage(handle)).trimmingCharacters(in: .whitespacesAndNewlines))
    }
}
