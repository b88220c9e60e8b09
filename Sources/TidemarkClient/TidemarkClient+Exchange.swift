import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

extension TidemarkClient {
    /// Sends, tries again as the policy says, and keeps the session.
    func perform(_ exchange: Exchange, in session: Session?) async throws -> Reply {
        guard let session else { return try await retrying { try await self.attempt(exchange, token: nil) } }
        await session.enter()
        defer { session.leave() }
        return try await retrying {
            let (reply, token) = try await self.attemptKeepingToken(exchange, token: session.token)
            // Refusals carry tokens too: a 404 is something that the client has seen.
            if let token { session.advance(to: token) }
            return try reply.get()
        }
    }

    private func attempt(_ exchange: Exchange, token: String?) async throws -> Reply {
        try await attemptKeepingToken(exchange, token: token).reply.get()
    }

    private func retrying(_ attempt: () async throws -> Reply) async throws -> Reply {
        var failures = 0
        var isOutcomeKnown = true
        while true {
            do {
                return try await attempt()
            } catch var error as TidemarkError {
                failures += 1
                // One lost answer leaves the outcome open, whatever the later tries said.
                isOutcomeKnown = isOutcomeKnown && error.isOutcomeKnown
                let pause = configuration.retry.pause(
                    afterFailures: failures, retryAfter: error.retryAfter, random: .random(in: 0...1))
                guard error.isRetryable, let pause else {
                    error.isOutcomeKnown = isOutcomeKnown
                    throw error
                }
                try await Task.sleep(for: pause)
            }
        }
    }

    private func attemptKeepingToken(
        _ exchange: Exchange, token: String?
    ) async throws -> (reply: Result<Reply, TidemarkError>, token: String?) {
        let url = endpoints.withLock { $0.next(now: .now) }
        let request = exchange.request(to: url, bearerToken: configuration.bearerToken, session: token)
        let reply: Reply
        do {
            let deadline = NIODeadline.now() + TimeAmount(configuration.timeout + (exchange.wait ?? .zero))
            let response = try await http.execute(request, deadline: deadline)
            let body = try await response.body.collect(upTo: configuration.maximumAnswerBytes)
            reply = Reply(
                status: Int(response.status.code), headers: response.headers, body: Data(body.readableBytesView),
                url: url)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            if Task.isCancelled { throw CancellationError() }
            endpoints.withLock { $0.failed(url, now: .now) }
            throw Self.connectionError(error, url: url)
        }
        let token = reply.headers.first(name: "Tidemark-Session")
        if (200..<300).contains(reply.status) { return (.success(reply), token) }
        if reply.status == 502 || reply.status == 503 { endpoints.withLock { $0.failed(url, now: .now) } }
        let error = TidemarkError(
            status: reply.status, body: reply.body, retryAfter: reply.headers.first(name: "Retry-After"), url: url)
        return (.failure(error), token)
    }

    /// The one place where the HTTP library's errors become ours: was the request sent or not?
    static func connectionError(_ error: any Error, url: String) -> TidemarkError {
        if let error = error as? HTTPClientError {
            switch error {
            case .invalidURL, .emptyHost, .emptyScheme:
                return TidemarkError(
                    problem: "bad-url", title: "Not a URL", detail: "\"\(url)\" is not an http or https URL.",
                    isRetryable: false, isOutcomeKnown: true, url: url, cause: error)
            case .connectTimeout, .getConnectionFromPoolTimeout, .tlsHandshakeTimeout:
                return .unreachable(url, cause: error)
            default:
                return .noAnswer(url, cause: error)
            }
        }
        // NIO fails to connect with one of these two, and nothing was sent then.
        if error is NIOConnectionError { return .unreachable(url, cause: error) }
        if let error = error as? IOError, error.errnoCode == ECONNREFUSED { return .unreachable(url, cause: error) }
        return .noAnswer(url, cause: error)
    }
}
