public import Foundation
import NIOHTTP1

extension TidemarkClient {
    /// Reads a value.
    ///
    /// - Parameters:
    ///   - point: the latest state, or a past one.
    ///   - consistency: `nil` leaves it to the server: `session` in a session, else `eventual`.
    ///   - wait: how long the server may wait until it can answer so freshly.
    /// - Returns: `nil` when the key is absent, or was then.
    public func get(
        _ key: String, at point: ReadPoint = .latest, consistency: Consistency? = nil, wait: Duration? = nil,
        in session: Session? = nil
    ) async throws -> StoredValue? {
        var exchange = Exchange(.GET, "/v1/kv/\(PercentEncoding.path(key))\(point.query)", wait: wait)
        if let consistency { exchange.headers.add(name: "Tidemark-Consistency", value: consistency.rawValue) }
        let reply: Reply
        do {
            reply = try await perform(exchange, in: session)
        } catch let error as TidemarkError where error.problem == "not-found" {
            // Not any 404: another server at this URL knows no `/v1/kv/`, and that says nothing about the key.
            return nil
        }
        guard let version = reply.version else { throw TidemarkError.badAnswer(reply.url, "Tidemark-Version") }
        return StoredValue(
            bytes: reply.body,
            contentType: reply.headers.first(name: "Content-Type") ?? "application/octet-stream",
            version: version,
            lastModified: reply.headers.first(name: "Last-Modified"),
            cacheStatus: reply.headers.first(name: "Cache-Status"))
    }

    /// Reads a value as it was after the event with this version.
    public func get(_ key: String, version: UInt64) async throws -> StoredValue? {
        try await get(key, at: .version(version))
    }

    /// Reads a value as it was at that time.
    public func get(_ key: String, at time: Date) async throws -> StoredValue? {
        try await get(key, at: .time(time))
    }

    /// One page of the keys that start with `prefix`, in key order.
    ///
    /// - Parameters:
    ///   - after: the `next` of the page before.
    ///   - limit: 1 to 1,000.
    public func list(
        prefix: String = "", after: String? = nil, limit: Int = 100, values: Bool = false,
        consistency: Consistency? = nil, wait: Duration? = nil, in session: Session? = nil
    ) async throws -> ListPage {
        var target = "/v1/kv?prefix=\(PercentEncoding.query(prefix))&limit=\(limit)"
        if let after { target += "&after=\(PercentEncoding.query(after))" }
        if values { target += "&values=true" }
        var exchange = Exchange(.GET, target, wait: wait)
        if let consistency { exchange.headers.add(name: "Tidemark-Consistency", value: consistency.rawValue) }
        return try await perform(exchange, in: session).decode(ListPage.self)
    }

    /// One page of what happened to a key, oldest first.
    public func history(
        of key: String, after: UInt64? = nil, limit: Int = 100, values: Bool = false, wait: Duration? = nil,
        in session: Session? = nil
    ) async throws -> HistoryPage {
        var target = "/v1/history/\(PercentEncoding.path(key))?limit=\(limit)"
        if let after { target += "&after=\(after)" }
        if values { target += "&values=true" }
        return try await perform(Exchange(.GET, target, wait: wait), in: session).decode(HistoryPage.self)
    }

    /// What became of a command.
    ///
    /// - Returns: `nil` for an id that was never issued.
    public func status(of command: String) async throws -> CommandStatus? {
        let exchange = Exchange(.GET, "/v1/commands/\(PercentEncoding.query(command))")
        do {
            return try await perform(exchange, in: nil).decode(CommandStatus.self)
        } catch let error as TidemarkError where error.problem == "unknown-command" {
            return nil
        }
    }

    /// Waits until everything that `session` has seen and written is applied.
    ///
    /// - Parameter wait: how long the server may wait in this one call, up to 60 s.
    /// - Returns: whether it is; when not, call again.
    public func reach(_ session: Session, wait: Duration = .seconds(30)) async throws -> Bool {
        guard session.token != nil else { return true }
        do {
            _ = try await perform(Exchange(.GET, "/v1/session", wait: wait), in: session)
            return true
        } catch let error as TidemarkError where error.problem == "session-not-reached" {
            return false
        }
    }
}
