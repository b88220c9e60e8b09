import Access
import Cache
import Commands
import EventLog
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

extension GatewayResponder {
    /// How many gets of a batch are under way at once.
    private static let concurrentReads = 32

    /// All writes are handed over in order; the gets are answered after that.
    func batch(_ exchange: inout Exchange) async throws -> Response {
        _ = try exchange.query([])
        let headers = try exchange.headers()
        try checkBatchHeaders(headers)
        let session = try session(headers)
        let body = try await exchange.wholeBody(headers, limit: limits.batchBody, tooLarge: .bodyTooLarge)
        let batch = try BatchRequest(json: Data(body.readableBytesView), limits: limits)
        let operations = batch.operations.map { $0.allowed(to: exchange.caller) }
        gatekeeper?.charge(exchange.caller, operations.count - 1)
        var results = operations.map { operation -> BatchResult? in
            if case .failure(let problem) = operation { return .failed(problem) }
            return nil
        }

        var writes: [(index: Int, request: WriteRequest)] = []
        var reads: [(index: Int, key: Key)] = []
        for (index, operation) in operations.enumerated() {
            switch operation {
            case .success(.write(let operation, let key, let precondition, let timeToLive, let idempotencyKey)):
                // No header holds a NUL: the key of one operation is never that of a single call.
                let derivedKey = headers.idempotencyKey.map { "\($0)\0\(index)" }
                let request = WriteRequest(
                    operation: operation, key: key, precondition: precondition, timeToLive: timeToLive,
                    idempotencyKey: idempotencyKey ?? derivedKey, principal: exchange.principal,
                    traceparent: exchange.signs.trace?.text, wait: headers.preferences.waitDuration)
                writes.append((index, request))
            case .success(.get(let key)): reads.append((index, key))
            case .failure: break
            }
        }

        var token = try await self.session(
            session, forWritesTo: writes.lazy.map { useCases.partition(of: $0.request.key) })
        var hasWaited = headers.preferences.wait != nil && !writes.isEmpty
        if !writes.isEmpty {
            let written = await useCases.write(writes.map(\.request))
            for (write, result) in zip(writes, written) {
                results[write.index] = .wrote(WriteAnswer(result, token: &token))
                if case .success(.accepted) = result { hasWaited = false }
            }
        }
        // As single calls in a row would: with a session, the reads ask for what the batch has written, too.
        let consistency = headers.consistency ?? (session == nil ? .eventual : .session)
        let requests = reads.map { _, key in
            ReadRequest(
                key: key, consistency: consistency, session: token, principal: exchange.principal,
                wait: headers.preferences.waitDuration)
        }
        for (read, result) in zip(reads, await answers(to: requests, token: &token)) { results[read.index] = result }

        var fields: HTTPFields = [:]
        fields.append(sessionField(token))
        if hasWaited, let wait = headers.preferences.wait {
            fields.append(HTTPField(name: .preferenceApplied, value: "wait=" + String(wait)))
        }
        return .json(.ok, fields, capacity: 64 + 96 * results.count) { json in
            json.object { json in
                json.name("results")
                json.array { json in
                    for result in results { result?.write(to: &json) }
                }
            }
        }
    }

    /// What single calls say in headers, a batch says in each operation.
    private func checkBatchHeaders(_ headers: RequestHeaders) throws(Problem) {
        if headers.ifMatch != nil { throw .header("If-Match", "a batch has if_match in its operations") }
        if headers.ifNoneMatch != nil { throw .header("If-None-Match", "a batch has if_none_match in its operations") }
        if headers.timeToLive != nil { throw .header("Tidemark-TTL", "a batch has ttl in its operations") }
        let type = headers.contentType?.prefix { $0 != ";" }.lowercased().filter { $0 != " " && $0 != "\t" }
        if let type, type != "application/json" {
            throw Problem(
                .unsupportedMediaType, "Content-Type: a batch is application/json, not \(type).",
                .header("Content-Type"))
        }
        if headers.hasContentEncoding {
            throw Problem(
                .unsupportedMediaType, "Content-Encoding: send the batch plain.", .header("Content-Encoding"))
        }
    }

    /// Reads a few at a time, in order, until the values are more than one answer holds.
    private func answers(to requests: [ReadRequest], token: inout SessionToken) async -> [BatchResult] {
        var results: [BatchResult] = []
        var bytes = 0
        while results.count < requests.count {
            guard bytes <= limits.answerValues else {
                results.append(
                    .failed(
                        Problem(
                            .answerTooLarge,
                            "The values before this one are more than \(limits.answerValues) bytes together.",
                            .limit(limits.answerValues))))
                continue
            }
            // Only as many at once as surely fit, but for the last one.
            let fitting = max(1, (limits.answerValues - bytes) / max(1, limits.value))
            let some = requests[results.count...].prefix(min(fitting, Self.concurrentReads))
            for result in await readAll(some) {
                switch result {
                case .success(let read):
                    token.see(read.entry.state.version, read)
                    let isAbsent = read.entry.state.deleted
                    if !isAbsent { bytes += read.entry.value.readableBytes }
                    results.append(isAbsent ? .failed(absent([])) : .read(read))
                case .failure(let error): results.append(.failed(Problem(error)))
                }
            }
        }
        return results
    }

    private func readAll(_ requests: ArraySlice<ReadRequest>) async -> [Result<ReadResult, GatewayError>] {
        await withTaskGroup(of: (Int, Result<ReadResult, GatewayError>).self) { group in
            for (index, request) in requests.enumerated() {
                group.addTask { (index, await read(request)) }
            }
            var results = [Result<ReadResult, GatewayError>?](repeating: nil, count: requests.count)
            for await (index, result) in group { results[index] = result }
            return results.compactMap { $0 }
        }
    }

    /// A function, not the task's closure: there, `do throws` beside an index in a tuple made Swift 6.3.1's optimiser return
    /// another index, and the gateway trapped.
    private func read(_ request: ReadRequest) async -> Result<ReadResult, GatewayError> {
        do throws(GatewayError) {
            return .success(try await useCases.read(request))
        } catch {
            return .failure(error)
        }
    }
}

extension Result<BatchRequest.Operation, Problem> {
    fileprivate func allowed(to caller: Principal) -> Self {
        flatMap { operation in
            let (verb, key) = operation.demand
            return caller.allows(verb, key) ? self : .failure(.outside(verb))
        }
    }
}

/// One operation's result: what the single call would have answered.
private enum BatchResult {
    case wrote(WriteAnswer)
    case read(ReadResult)
    case failed(Problem)

    func write(to json: inout JSONWriter) {
        json.object { json in
            switch self {
            case .failed(let problem), .wrote(.failed(let problem)):
                json.member("status", problem.status.code)
                for case .version(let version) in problem.extras { json.version(version) }
                for case .command(let id) in problem.extras { json.member("command", id.description) }
                json.name("problem")
                problem.write(to: &json)
            case .wrote(.accepted(let id)):
                json.member("status", 202)
                json.member("command", id.description)
            case .wrote(.applied(let id, let status, let version)):
                json.member("status", status.code)
                json.member("command", id.description)
                if let version { json.version(version) }
            case .read(let read):
                json.member("status", 200)
                json.version(read.entry.state.version)
                json.member("content_type", read.entry.contentType)
                json.member("modified_at", read.entry.modifiedAt.rfc3339)
                json.value(Data(read.entry.value.readableBytesView))
            }
        }
    }
}

extension JSONWriter {
    fileprivate mutating func version(_ version: UInt64) {
        member("etag", EntityTag.text(of: version))
        member("version", version)
    }
}
