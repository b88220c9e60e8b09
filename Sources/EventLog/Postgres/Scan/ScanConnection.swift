import CLibPQ
import Foundation
import Lanes

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// One connection outside pipeline mode, for answers that are streams: COPY can't ride in a pipeline. Not Sendable: only the
/// lane that made it calls it. What fails is not tried again; the connection is closed then.
final class ScanConnection {
    /// Without a byte from the server. A stream begins when the server has found its first row.
    private static let patience = Duration.seconds(300)

    private let handle: OpaquePointer

    init(_ configuration: PostgresConfiguration) throws(EventLogError) {
        var connector = PostgresConnector(configuration, role: .scan, isEnding: { false })
        guard let handle = connector.connect() else {
            throw EventLogError(PostgresFailure(kind: .notConnected, message: connector.failure))
        }
        PQsetNoticeProcessor(handle, { _, _ in }, nil)
        self.handle = handle
    }

    deinit { PQfinish(handle) }

    /// One statement without parameters, its result in binary.
    func run(_ statement: Statement) throws(EventLogError) -> PostgresResult {
        guard PQsendQueryParams(handle, statement.sql, 0, nil, nil, nil, nil, 1) == 1 else { throw lost(statement) }
        let result = try next(statement)
        while try nextOrEnd(statement) != nil {}
        return result
    }

    /// Streams the rows of a `COPY … TO STDOUT` in binary.
    func copy(_ statement: Statement, _ body: (CopyRow) throws -> Void) throws {
        guard PQsendQuery(handle, statement.sql) == 1 else { throw lost(statement) }
        guard try next(statement).status == PGRES_COPY_OUT else { throw lost(statement) }
        var decoder = CopyDecoder()
        while true {
            var message: UnsafeMutablePointer<CChar>?
            let count = PQgetCopyData(handle, &message, 1)
            if count > 0 {
                defer { PQfreemem(message) }
                try decoder.decode(UnsafeRawBufferPointer(start: message, count: Int(count)), body)
            } else if count == 0 {
                try wait(statement)
            } else if count == -1 {
                break
            } else {
                throw lost(statement)
            }
        }
        while try nextOrEnd(statement) != nil {}
    }

    private func next(_ statement: Statement) throws(EventLogError) -> PostgresResult {
        guard let result = try nextOrEnd(statement) else { throw lost(statement) }
        return result
    }

    private func nextOrEnd(_ statement: Statement) throws(EventLogError) -> PostgresResult? {
        while PQisBusy(handle) == 1 { try wait(statement) }
        guard let result = PQgetResult(handle).map({ PostgresResult(adopting: $0) }) else { return nil }
        if let failure = PostgresFailure(result, statement: statement.name) { throw EventLogError(failure) }
        return result
    }

    private func wait(_ statement: Statement) throws(EventLogError) {
        var polled = pollfd(fd: PQsocket(handle), events: Int16(POLLIN), revents: 0)
        let ready = poll(&polled, 1, Int32(Self.patience.inMilliseconds))
        if ready < 0 && errno == EINTR { return }
        guard ready > 0, PQconsumeInput(handle) == 1 else { throw lost(statement) }
    }

    private func lost(_ statement: Statement) -> EventLogError {
        EventLogError(
            PostgresFailure(
                kind: .lost,
                message: String(cString: PQerrorMessage(handle)).trimmingCharacters(in: .whitespacesAndNewlines),
                statement: statement.name))
    }
}
