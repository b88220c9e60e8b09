import Access
import Commands
import EventLog
import HTTPTypes
import Hummingbird
import NIOCore

/// Pages of keys and of events. A page ends at its limit or where its values get too many bytes, and then names where
/// the next one begins.
extension GatewayResponder {
    private static let pageLimits = 1...1_000
    private static let defaultLimit = 100

    func list(_ exchange: Exchange) async throws -> Response {
        let query = try exchange.query(["prefix", "after", "limit", "values"])
        let limit = try query.integer("limit", in: Self.pageLimits) ?? Self.defaultLimit
        let values = try query.flag("values")
        let prefix = try query.keyPrefix("prefix")
        let after = try query.key("after")
        let covered = exchange.caller.grant.coverage(of: prefix)
        guard !covered.isEmpty else {
            throw Problem.forbidden("Keys that begin so are outside what this principal may read.")
        }
        let headers = try exchange.headers()
        var token = try await reached(headers, only: nil) ?? SessionToken()
        let found = try await list(covered, after: after, limit: limit + 1, values: values)
        let page = found.prefix(pageLength(found.lazy.map { values ? $0.size : 0 }, limit: limit))
        for item in page { token.saw(item.value.state.version, in: useCases.partition(of: item.key)) }
        return .json(.ok, HTTPFields([sessionField(token)]), capacity: 128 * page.count) { json in
            json.object { json in
                json.name("items")
                json.array { json in
                    for item in page { json.item(item, values: values) }
                }
                if page.count < found.count, let last = page.last { json.member("next", last.key.text) }
            }
        }
    }

    /// What is under these prefixes, of which one follows the other in key order, as if it were one range.
    private func list(
        _ prefixes: [String], after: Key?, limit: Int, values: Bool
    ) async throws(GatewayError) -> [ListedValue] {
        var found: [ListedValue] = []
        var bytes = 0
        for prefix in prefixes where found.count < limit && bytes <= limits.answerValues {
            let some = try await useCases.list(
                prefix: prefix, after: after, limit: limit - found.count,
                valueBytes: values ? limits.answerValues - bytes : nil)
            found += some
            if values { bytes += some.reduce(0) { $0 + $1.size } }
        }
        return found
    }

    func history(_ exchange: Exchange) async throws -> Response {
        let key = exchange.key
        let query = try exchange.query(["after", "limit", "values"])
        let limit = try query.integer("limit", in: Self.pageLimits) ?? Self.defaultLimit
        let values = try query.flag("values")
        let after = try query.version("after") ?? 0
        let headers = try exchange.headers()
        let partition = useCases.partition(of: key)
        var token = try await reached(headers, only: partition) ?? SessionToken()
        let found = try await useCases.history(
            of: key, after: after, limit: limit + 1, valueBytes: values ? limits.answerValues : nil)
        let page = found.prefix(pageLength(found.lazy.map { values ? $0.size ?? 0 : 0 }, limit: limit))
        if let last = page.last { token.saw(last.sequence, in: partition) }
        return .json(.ok, HTTPFields([sessionField(token)]), capacity: 256 * page.count) { json in
            json.object { json in
                json.member("key", key.text)
                json.name("events")
                json.array { json in
                    for event in page { json.event(event, values: values) }
                }
                if page.count < found.count, let last = page.last { json.member("next", last.sequence) }
            }
        }
    }

    /// The client's token, once what it says is applied: pages come from the database, which shows no less than that.
    private func reached(_ headers: RequestHeaders, only partition: Partition?) async throws -> SessionToken? {
        if headers.consistency == .linearizable {
            throw Problem.header(
                "Tidemark-Consistency", "eventual, session or applied; linearizable is for single keys")
        }
        guard let token = try session(headers) else { return nil }
        guard headers.consistency == nil || headers.consistency == .session else { return token }
        let wait = headers.preferences.waitDuration ?? .zero
        guard let partition else { return try await useCases.reach(token, wait: wait) }
        _ = try await useCases.reach(token.only(partition), wait: wait)
        return token
    }

    /// How many of a page's items fit; at least one does.
    private func pageLength(_ sizes: some Sequence<Int>, limit: Int) -> Int {
        var bytes = 0
        var count = 0
        for size in sizes.prefix(limit) {
            bytes += size
            if count > 0, bytes > limits.answerValues { break }
            count += 1
        }
        return count
    }
}

extension QueryParameters {
    fileprivate func key(_ name: String) throws(Problem) -> Key? {
        guard let text = self[name], !text.isEmpty else { return nil }
        do throws(Key.Invalid) {
            return try Key(text)
        } catch {
            throw .parameter(name, "not a key: a key has at most 1,024 bytes and no NUL")
        }
    }
}

extension JSONWriter {
    fileprivate mutating func item(_ item: ListedValue, values: Bool) {
        object { json in
            json.member("key", item.key.text)
            json.member("version", item.value.state.version)
            json.member("content_type", item.value.content.type)
            json.member("size", item.size)
            json.member("modified_at", item.value.modifiedAt.rfc3339)
            if let expiresAt = item.value.state.expiresAt { json.member("expires_at", expiresAt.rfc3339) }
            if values { json.value(item.value.content.value) }
        }
    }

    /// - Parameter key: named in the event itself where it isn't named around it.
    mutating func event(_ event: Event, values: Bool, key: Key? = nil) {
        object { json in
            if let key { json.member("key", key.text) }
            json.member("version", event.sequence)
            json.member("kind", event.kind.rawValue)
            json.member("time", event.appliedAt.rfc3339)
            json.member("issued_at", event.issuedAt.rfc3339)
            json.member("principal", event.principal)
            json.member("command", event.commandID.description)
            if let size = event.size { json.member("size", size) }
            if let type = event.contentType ?? event.content?.type { json.member("content_type", type) }
            if let expiresAt = event.expiresAt { json.member("expires_at", expiresAt.rfc3339) }
            if let version = event.previousVersion { json.member("previous_version", version) }
            if let reason = event.reason { json.member("reason", reason) }
            if let traceparent = event.traceparent { json.member("traceparent", traceparent) }
            if let content = event.content { json.value(content.value) }
            if event.isErased { json.member("erased", true) }
            if values && event.isArchived { json.member("archived", true) }
        }
    }
}
