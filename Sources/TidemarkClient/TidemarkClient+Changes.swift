import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import Synchronization

extension TidemarkClient {
    /// Follows what happens to keys that start with `prefix`.
    ///
    /// - Parameter values: whether the events come with their values.
    public func changes(prefix: String = "", from start: Changes.Start = .now, values: Bool = false) -> Changes {
        Changes(self, prefix: prefix, start: start, values: values)
    }

    /// - Returns: a stream that has begun, and who serves it.
    func open(_ target: String, after position: String?) async throws -> (HTTPClientResponse, url: String) {
        let url = endpoints.withLock { $0.next(now: .now) }
        var exchange = Exchange(.GET, target + (position.map { "&after=\(PercentEncoding.query($0))" } ?? ""))
        exchange.headers.add(name: "Accept", value: "text/event-stream")
        let response: HTTPClientResponse
        do {
            response = try await http.execute(
                exchange.request(to: url, bearerToken: configuration.bearerToken, session: nil),
                deadline: .distantFuture)
        } catch {
            if error is CancellationError || Task.isCancelled { throw CancellationError() }
            endpoints.withLock { $0.failed(url, now: .now) }
            throw Self.connectionError(error, url: url)
        }
        guard response.status == .ok else {
            let body = try? await response.body.collect(upTo: 64 << 10)
            if response.status == .badGateway || response.status == .serviceUnavailable {
                endpoints.withLock { $0.failed(url, now: .now) }
            }
            throw TidemarkError(
                status: Int(response.status.code), body: body.map { Data($0.readableBytesView) } ?? Data(),
                retryAfter: response.headers.first(name: "Retry-After"), url: url)
        }
        guard response.headers.first(name: "Content-Type")?.hasPrefix("text/event-stream") == true else {
            throw TidemarkError.badAnswer(url, "a stream of events")
        }
        return (response, url)
    }
}
