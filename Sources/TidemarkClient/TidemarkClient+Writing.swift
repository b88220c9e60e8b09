public import Foundation
import NIOHTTP1

extension TidemarkClient {
    /// Writes a value.
    ///
    /// Returns as soon as the write is durable; with `options.wait`, when it was applied or that time has passed.
    ///
    /// - Throws: ``TidemarkError``; status 412 when the precondition was judged and failed.
    @discardableResult
    public func put(
        _ value: Data, for key: String, contentType: String = "application/octet-stream",
        options: WriteOptions = WriteOptions(), in session: Session? = nil
    ) async throws -> WriteReceipt {
        var exchange = write(.PUT, key, options)
        exchange.headers.add(name: "Content-Type", value: contentType)
        exchange.body = value
        let reply = try await perform(exchange, in: session)
        return try receipt(reply, applied: reply.status == 201 ? .created : .replaced)
    }

    /// Deletes a value; that it was absent already is no error.
    ///
    /// - Throws: as ``put(_:for:contentType:options:in:)``.
    @discardableResult
    public func delete(
        _ key: String, options: WriteOptions = WriteOptions(), in session: Session? = nil
    ) async throws -> WriteReceipt {
        try receipt(try await perform(write(.DELETE, key, options), in: session), applied: .deleted)
    }

    private func write(_ method: HTTPMethod, _ key: String, _ options: WriteOptions) -> Exchange {
        var exchange = Exchange(method, "/v1/kv/\(PercentEncoding.path(key))", wait: options.wait)
        exchange.headers.add(name: "Idempotency-Key", value: options.idempotencyKey ?? UUID().uuidString)
        if let header = options.precondition.header { exchange.headers.add(name: header.name, value: header.value) }
        if let timeToLive = options.timeToLive {
            exchange.headers.add(name: "Tidemark-TTL", value: String(timeToLive.components.seconds))
        }
        return exchange
    }

    private func receipt(_ reply: Reply, applied: WriteReceipt.Status) throws -> WriteReceipt {
        struct Accepted: Decodable { var command: String? }
        let command =
            try reply.body.isEmpty
            ? reply.headers.first(name: "Location")?.split(separator: "/").last.map(String.init)
            : reply.decode(Accepted.self).command
        return WriteReceipt(
            status: reply.status == 202 ? .accepted : applied, command: command, version: reply.version)
    }

    /// Sends up to 1,000 operations in one request. Each succeeds or fails by itself: see the results, which are in
    /// the order of the operations.
    ///
    /// Operations without an idempotency key get one.
    public func batch(
        _ operations: [BatchOperation], wait: Duration? = nil, in session: Session? = nil
    ) async throws -> [BatchResult] {
        struct Body: Encodable { var operations: [BatchOperation] }
        struct Results: Decodable { var results: [BatchResult] }
        var exchange = Exchange(.POST, "/v1/batch", wait: wait)
        exchange.headers.add(name: "Content-Type", value: "application/json")
        let named = operations.map { operation in
            var operation = operation
            if operation.kind != .get, operation.idempotencyKey == nil { operation.idempotencyKey = UUID().uuidString }
            return operation
        }
        exchange.body = try JSONEncoder().encode(Body(operations: named))
        let reply = try await perform(exchange, in: session)
        let results = try reply.decode(Results.self).results
        guard results.count == operations.count else {
            throw TidemarkError.badAnswer(reply.url, "one result for each operation")
        }
        return results
    }
}
