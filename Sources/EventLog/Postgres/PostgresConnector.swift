import CLibPQ
import Foundation
import Lanes

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Makes connections step by step, so that a host that swallows packets costs its share of time and no more, and the
/// lane can be stopped meanwhile. libpq's own `connect_timeout` counts whole seconds and looks at nothing else.
///
/// Only the resolver still blocks, within libpq, for as long as it does: name hosts by address where that matters.
struct PostgresConnector {
    /// With another host to try, none gets longer than this.
    private static let patienceWithOthers = Duration.seconds(2)
    /// Once the lane is to end, an attempt gets no longer than this.
    private static let patienceAtEnd = Duration.milliseconds(500)
    private static let step = Duration.milliseconds(100)

    let configuration: PostgresConfiguration
    let role: PostgresRole
    /// Whether the lane is to end. Asked on its thread.
    let isEnding: @Sendable () -> Bool

    /// Why the last attempt failed; for the log.
    private(set) var failure = ""
    /// The host that answered last is asked first.
    private var preferred = 0

    init(
        _ configuration: PostgresConfiguration, role: PostgresRole, isEnding: @escaping @Sendable () -> Bool
    ) {
        self.configuration = configuration
        self.role = role
        self.isEnding = isEnding
    }

    /// - Returns: an established connection, the caller's to finish; `nil` when no host gave one.
    mutating func connect() -> OpaquePointer? {
        let target = ConnectionTarget(configuration.connectionString)
        var failures: [String] = []
        for offset in target.hosts.indices {
            let index = (preferred + offset) % target.hosts.count
            switch connect(to: target.hosts[index], options: target.options, alone: target.hosts.count == 1) {
            case .success(let handle):
                preferred = index
                return handle
            case .failure(let failed): failures.append(failed.message)
            }
            if isEnding() { break }
        }
        failure = failures.joined(separator: "; ")
        return nil
    }

    private struct Failed: Error { var message: String }

    private func connect(
        to host: [ConnectionTarget.Keyword], options: String, alone: Bool
    ) -> Result<OpaquePointer, Failed> {
        // Of a keyword given twice the last counts, and the connection string stands in the middle.
        var keywords = [
            ("fallback_application_name", configuration.applicationName), ("dbname", configuration.connectionString),
            ("client_encoding", "UTF8"),
            ("options", "\(role.options(statementTimeout: configuration.statementTimeout)) \(options)"),
        ]
        if let password = configuration.password { keywords.append(("password", password)) }
        // Looked at below: libpq would take a reader's own default of read-only transactions for the server's.
        keywords.append(("target_session_attrs", "any"))
        keywords += host
        guard let handle = Self.start(keywords) else { return .failure(Failed(message: "no memory for a connection")) }
        let limit = alone ? configuration.connectTimeout : min(configuration.connectTimeout, Self.patienceWithOthers)
        if PQstatus(handle) != CONNECTION_BAD, !establish(handle, within: limit) {
            PQfinish(handle)
            return .failure(Failed(message: "no connection within \(limit)"))
        }
        guard PQstatus(handle) == CONNECTION_OK else {
            let message = String(cString: PQerrorMessage(handle)).trimmingCharacters(in: .whitespacesAndNewlines)
            PQfinish(handle)
            return .failure(Failed(message: message))
        }
        if let reason = Self.reasonToPassOver(handle, role) {
            PQfinish(handle)
            return .failure(Failed(message: reason))
        }
        return .success(handle)
    }

    /// A standby answers with what may be old, and takes no writes. CockroachDB has none, and says nothing.
    private static func reasonToPassOver(_ handle: OpaquePointer, _ role: PostgresRole) -> String? {
        func isOn(_ parameter: String) -> Bool {
            PQparameterStatus(handle, parameter).map { String(cString: $0) } == "on"
        }
        if isOn("in_hot_standby") { return "the server is a standby" }
        if !role.isReader && isOn("default_transaction_read_only") { return "the server is read-only" }
        return nil
    }

    /// - Returns: whether the attempt came to an end, good or bad.
    private func establish(_ handle: OpaquePointer, within limit: Duration) -> Bool {
        let began = ContinuousClock.now
        var next = PGRES_POLLING_WRITING
        while next == PGRES_POLLING_READING || next == PGRES_POLLING_WRITING {
            let left = (isEnding() ? min(limit, Self.patienceAtEnd) : limit) - (ContinuousClock.now - began)
            guard left > .zero else { return false }
            // It may be another socket each time: a name can have several addresses.
            var polled = pollfd(
                fd: PQsocket(handle), events: Int16(next == PGRES_POLLING_READING ? POLLIN : POLLOUT), revents: 0)
            let ready = poll(&polled, 1, Int32(min(left, Self.step).inMilliseconds))
            if ready > 0 { next = PQconnectPoll(handle) }
            if ready < 0 && errno != EINTR { return false }
        }
        return true
    }

    private static func start(_ keywords: [ConnectionTarget.Keyword]) -> OpaquePointer? {
        var names: [UnsafePointer<CChar>?] = []
        var values: [UnsafePointer<CChar>?] = []
        for (name, value) in keywords {
            names.append(UnsafePointer(strdup(name)))
            values.append(UnsafePointer(strdup(value)))
        }
        defer { for string in names + values { free(UnsafeMutablePointer(mutating: string)) } }
        return PQconnectStartParams(names + [nil], values + [nil], 1)
    }
}
