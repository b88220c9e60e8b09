import CLibPQ
import Commands
import EventLog
import Foundation
import LocalStack
import Synchronization
import Testing

/// One test's own database on the PostgreSQL that the suite runs against, migrated, and dropped when it goes.
final class TestDatabase: Sendable {
    let name = "test_\(UUID().uuidString.lowercased().replacingOccurrences(of: "-", with: ""))"
    let server: URL

    var url: String { server.appending(path: name).absoluteString }

    /// For processes' arguments, beside `PGPASSWORD`.
    var urlWithoutPassword: String {
        var url = URLComponents(url: server.appending(path: name), resolvingAgainstBaseURL: false)!
        url.password = nil
        return url.string!
    }
    var password: String { URLComponents(url: server, resolvingAgainstBaseURL: false)!.password! }

    func configuration(port: Int? = nil, answerTimeout: Duration = .seconds(15)) -> PostgresConfiguration {
        var parts = URLComponents(string: url)!
        if let port {
            parts.host = "127.0.0.1"
            parts.port = port
        }
        return PostgresConfiguration(
            connectionString: parts.string!, applicationName: "tidemark", statementTimeout: .seconds(10),
            answerTimeout: answerTimeout)
    }

    /// An empty database.
    init() async throws {
        server = URL(string: try await TestServers.postgres.value.connectionString(database: ""))!
        try SQL(server.appending(path: "postgres").absoluteString).run(
            "CREATE DATABASE \(name) TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'")
    }

    deinit {
        _ = try? SQL(server.appending(path: "postgres").absoluteString).run("DROP DATABASE \(name) WITH (FORCE)")
    }

    static func migrated(partitions: Int = 4) async throws -> TestDatabase {
        let database = try await TestDatabase()
        try await Migrator.migrate(database.configuration(), partitions: partitions)
        return database
    }

    func sql() throws -> SQL { try SQL(url) }
}

/// The harness's own session, apart from the code under test: by its `application_name` its statements can be told apart
/// in the server's log.
final class SQL {
    struct Failed: Error { var message: String }

    private let connection: OpaquePointer

    init(_ url: String) throws {
        connection = PQconnectdbParams(["dbname", "application_name"].cStrings, [url, "tidemark-tests"].cStrings, 1)
        guard PQstatus(connection) == CONNECTION_OK else {
            throw Failed(message: String(cString: PQerrorMessage(connection)))
        }
        PQsetNoticeProcessor(connection, { _, _ in }, nil)
    }

    deinit { PQfinish(connection) }

    /// Rows of texts; NULL is nil.
    @discardableResult
    func run(_ statement: String) throws -> [[String?]] {
        let result = PQexec(connection, statement)
        defer { PQclear(result) }
        guard [PGRES_COMMAND_OK, PGRES_TUPLES_OK].contains(PQresultStatus(result)) else {
            throw Failed(message: String(cString: PQresultErrorMessage(result)))
        }
        return (0..<PQntuples(result)).map { row in
            (0..<PQnfields(result)).map { column in
                PQgetisnull(result, row, column) == 1 ? nil : String(cString: PQgetvalue(result, row, column))
            }
        }
    }

    func one(_ statement: String) throws -> String? { try run(statement).first?.first ?? nil }
}

extension [String] {
    /// Leaks a few bytes, once a test.
    fileprivate var cStrings: [UnsafePointer<CChar>?] { map { UnsafePointer(strdup($0)) } + [nil] }
}

/// Polls until `condition` holds; after the deadline it fails with the last state.
func eventually<State>(
    within limit: Duration = .seconds(15), _ what: String, state: () async throws -> State,
    until condition: (State) -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    var last = try await state()
    while !condition(last) {
        guard ContinuousClock.now < deadline else {
            Issue.record("\(what): last seen \(last)")
            return
        }
        try await Task.sleep(for: .milliseconds(20))
        last = try await state()
    }
}

/// That `body` fails with this code; returns the error for a closer look.
@discardableResult
func expectFailure<Value>(
    _ code: EventLogError.Code, _ body: () async throws(EventLogError) -> Value,
    sourceLocation: SourceLocation = #_sourceLocation
) async -> EventLogError? {
    do throws(EventLogError) {
        _ = try await body()
        Issue.record("did not fail with \(code)", sourceLocation: sourceLocation)
        return nil
    } catch {
        #expect(error.code == code, "\(error)", sourceLocation: sourceLocation)
        return error
    }
}

/// What closures on other threads saw, in order.
final class Recorder<Element: Sendable>: Sendable {
    private let elements = Mutex<[Element]>([])

    var all: [Element] { elements.withLock { $0 } }
    func append(_ element: Element) { elements.withLock { $0.append(element) } }
}
