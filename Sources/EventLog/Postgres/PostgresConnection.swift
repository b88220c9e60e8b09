import CLibPQ
import Foundation
import Lanes

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// One connection, always in pipeline mode. Not Sendable: only the lane that made it calls it.
///
/// A round trip is `send…`, `synchronize`, one `next` for each statement sent, `finish`. After an error the rest of the
/// pipeline up to the synchronization point is skipped by the server; `rollBack` clears that away. A connection that is lost
/// is closed, and opened again at the next `open`.
final class PostgresConnection {
    let configuration: PostgresConfiguration
    private let role: PostgresRole
    private let metrics: EventLogMetrics
    private var connector: PostgresConnector
    private(set) var handle: OpaquePointer?
    private var prepared: Set<String> = []
    /// What was sent and, from `nextQueued` on, not answered yet.
    private var queued: [Queued] = []
    private var nextQueued = 0
    /// For the answer that is awaited.
    var deadline = ContinuousClock.now
    private var expiry = ContinuousClock.now
    private var backoff = Duration.zero
    private var retryAt = ContinuousClock.now
    private var openFailure = ""
    /// Reused by every statement.
    var parameters = ParameterBuffer()
    /// What a COPY under way has sent and is not read yet.
    var copied = CopiedRows()

    private enum Queued {
        case statement(Statement, prepares: Bool)
        case synchronization
    }

    private static let firstBackoff = Duration.milliseconds(50)
    private static let longestBackoff = Duration.seconds(2)

    /// - Parameter isEnding: whether the lane is to end: then a host that doesn't answer isn't waited for.
    init(
        _ configuration: PostgresConfiguration, role: PostgresRole, metrics: EventLogMetrics,
        isEnding: @escaping @Sendable () -> Bool = { false }
    ) {
        connector = PostgresConnector(configuration, role: role, isEnding: isEnding)
        self.configuration = configuration
        self.role = role
        self.metrics = metrics
    }

    deinit { close() }

    // MARK: - Life

    var isOpen: Bool { handle != nil }

    /// To be polled while idle; -1 when closed.
    var descriptor: Int32 { handle.map { PQsocket($0) } ?? -1 }

    /// Opens the connection unless it is open. After a failure it fails at once until the backoff has passed.
    func open() throws(PostgresFailure) {
        if handle != nil {
            // Lives are bounded and unequal, so that connections spread again over the nodes of a cluster.
            if ContinuousClock.now < expiry { return }
            close()
        }
        guard ContinuousClock.now >= retryAt else { throw PostgresFailure(kind: .notConnected, message: openFailure) }
        guard let opened = connector.connect() else {
            openFailure = connector.failure
            backoff = min(max(backoff * 2, Self.firstBackoff), Self.longestBackoff)
            retryAt = .now + backoff * Double.random(in: 0.5...1.0)
            throw PostgresFailure(kind: .notConnected, message: openFailure)
        }
        precondition(PQsetnonblocking(opened, 1) == 0 && PQenterPipelineMode(opened) == 1, "a new connection is idle")
        PQsetNoticeProcessor(opened, { _, _ in }, nil)
        handle = opened
        backoff = .zero
        expiry = .now + .seconds(Int64.random(in: 900...1_800))
        metrics.connected()
    }

    func close() {
        guard let handle else { return }
        copied = CopiedRows()
        PQfinish(handle)
        self.handle = nil
        prepared = []
        queued = []
        nextQueued = 0
        metrics.disconnected()
    }

    /// Looks what an idle connection became readable for: the server says goodbye that way.
    func checkIdle() {
        guard let handle else { return }
        if PQconsumeInput(handle) == 0 || PQstatus(handle) != CONNECTION_OK { return close() }
        // A notice, or the FATAL that goes before the end; the socket tells the rest at the next look.
        _ = PQisBusy(handle)
        if PQstatus(handle) != CONNECTION_OK { close() }
    }

    // MARK: - Sending

    /// Queues a statement with what stands in `parameters`, and empties them.
    func send(_ statement: Statement) throws(PostgresFailure) {
        guard let handle else {
            throw PostgresFailure(kind: .notConnected, message: openFailure, statement: statement.name)
        }
        precondition(parameters.parameterCount == statement.parameterTypes.count, "parameters of \(statement.name)")
        let prepares = prepared.insert(statement.name).inserted
        if prepares {
            let sent = PQsendPrepare(
                handle, statement.name, statement.sql, Int32(statement.parameterTypes.count), statement.parameterTypes)
            guard sent == 1 else { throw lost(statement) }
        }
        let sent = parameters.withParameters { values, lengths, formats in
            PQsendQueryPrepared(
                handle, statement.name, Int32(statement.parameterTypes.count), values, lengths, formats, 1)
        }
        parameters.removeAll()
        guard sent == 1 else { throw lost(statement) }
        queued.append(.statement(statement, prepares: prepares))
    }

    /// Ends a pipeline: what stands before is answered. A pipeline without BEGIN is one transaction. Several may be sent
    /// before the first is received.
    func synchronize() throws(PostgresFailure) {
        guard let handle else { throw PostgresFailure(kind: .notConnected, message: openFailure) }
        guard PQpipelineSync(handle) == 1 else { throw lost(nil) }
        queued.append(.synchronization)
        deadline = .now + configuration.answerTimeout
        if role == .migration { deadline = .now + .seconds(86_400) }
    }

    // MARK: - Receiving

    /// The result of the next statement sent.
    func next() throws(PostgresFailure) -> PostgresResult {
        guard hasQueued, case .statement(let statement, let prepares) = queued[nextQueued] else {
            preconditionFailure("a result for each statement sent, no more")
        }
        nextQueued += 1
        if prepares {
            let result = try statementResult(statement)
            if let failure = failure(result, statement) {
                prepared.remove(statement.name)
                // The execution that was queued behind it is skipped by the server.
                _ = try statementResult(statement)
                throw ended(failure)
            }
        }
        let result = try statementResult(statement)
        if var failure = failure(result, statement) {
            if case .statement(let state) = failure.kind,
                state == Self.readOnlyState || (!prepares && Self.staleStatementStates.contains(state))
            {
                failure.kind = .terminated(sqlState: state)
            }
            throw ended(failure)
        }
        return result
    }

    /// The prepared statement no longer fits the schema or is gone: a new connection helps.
    private static let staleStatementStates: Set<String> = ["0A000", "26000"]
    /// The server takes no writes any more: a new connection finds the one that does.
    private static let readOnlyState = "25006"

    /// Takes what is left of the pipeline, up to its end, without looking at it.
    func finish() throws(PostgresFailure) {
        while nextQueued < queued.count, case .statement(let statement, let prepares) = queued[nextQueued] {
            // What was to be prepared behind an error was not.
            if prepares { prepared.remove(statement.name) }
            nextQueued += 1
        }
        guard nextQueued < queued.count else { return }
        while true {
            guard let result = try take() else { continue }
            if result.status == PGRES_PIPELINE_SYNC { break }
            if result.status == PGRES_FATAL_ERROR, let failure = failure(result, nil), failure.connectionIsGone {
                throw ended(failure)
            }
        }
        nextQueued += 1
        guard nextQueued == queued.count else { return }
        queued.removeAll(keepingCapacity: true)
        nextQueued = 0
    }

    /// Whether `next` has a result to give in this pipeline.
    var hasQueued: Bool {
        if nextQueued < queued.count, case .statement = queued[nextQueued] { true } else { false }
    }

    /// After a failure: clears what is left of the pipeline away, and ends the transaction if there is one. A
    /// connection that can't be brought back in order is closed.
    func rollBack() {
        guard let handle else { return }
        parameters.removeAll()
        do throws(PostgresFailure) {
            if case .statement = queued.last { try synchronize() }
            while !queued.isEmpty { try finish() }
            guard PQtransactionStatus(handle) != PQTRANS_IDLE else { return }
            try send(Statements.rollback)
            try synchronize()
            _ = try next()
            try finish()
        } catch {
            close()
        }
    }

    /// One result and the NULL that follows each.
    private func statementResult(_ statement: Statement) throws(PostgresFailure) -> PostgresResult {
        guard let result = try take() else { throw lost(statement) }
        while try take() != nil {}
        return result
    }

    /// What libpq has next; `nil` between two statements' results.
    private func take() throws(PostgresFailure) -> PostgresResult? {
        guard let handle else { throw PostgresFailure(kind: .lost, message: "the connection was closed") }
        while true {
            let pending = PQflush(handle)
            if pending < 0 && PQisBusy(handle) == 1 && PQconsumeInput(handle) == 0 { throw lost(nil) }
            if PQisBusy(handle) == 0 { break }
            try wait(handle, alsoWritable: pending == 1)
            if PQconsumeInput(handle) == 0 && PQisBusy(handle) == 1 { throw lost(nil) }
        }
        return PQgetResult(handle).map { PostgresResult(adopting: $0) }
    }

    func wait(_ handle: OpaquePointer, alsoWritable: Bool) throws(PostgresFailure) {
        while true {
            if PQstatus(handle) != CONNECTION_OK { throw lost(nil) }
            let left = ContinuousClock.now.duration(to: deadline)
            guard left > .zero else {
                close()
                throw PostgresFailure(kind: .lost, message: "no answer within \(configuration.answerTimeout)")
            }
            var polled = pollfd(
                fd: PQsocket(handle), events: Int16(alsoWritable ? POLLIN | POLLOUT : POLLIN), revents: 0)
            let ready = poll(&polled, 1, Int32(min(left.inMilliseconds, 60_000)))
            if ready > 0 { return }
            if ready < 0 && errno != EINTR { throw lost(nil) }
        }
    }

    // MARK: - Failures

    func failure(_ result: borrowing PostgresResult, _ statement: Statement?) -> PostgresFailure? {
        PostgresFailure(result, statement: statement?.name ?? "")
    }

    /// Closes a connection whose end `failure` is.
    func ended(_ failure: PostgresFailure) -> PostgresFailure {
        if failure.connectionIsGone { close() }
        return failure
    }

    func lost(_ statement: Statement?) -> PostgresFailure {
        let message = handle.map { String(cString: PQerrorMessage($0)) } ?? ""
        close()
        return PostgresFailure(
            kind: .lost, message: message.trimmingCharacters(in: .whitespacesAndNewlines),
            statement: statement?.name ?? "")
    }
}
