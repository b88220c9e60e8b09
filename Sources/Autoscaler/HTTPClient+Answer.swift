import AsyncHTTPClient
import NIOCore
import NIOHTTP1

/// An answer did not come, or not to its end.
struct AnswerTimeout: Error, CustomStringConvertible {
    let limit: Duration
    var description: String { "no whole answer within \(limit)" }
}

extension HTTPClient {
    /// An answer with its body. The library's own time limit ends at the head: who freezes after it would be waited for for ever.
    func answer(
        to request: HTTPClientRequest, upTo bytes: Int, within limit: Duration
    ) async throws -> (
        HTTPResponseStatus, ByteBuffer
    ) {
        try await withThrowingTaskGroup(of: (HTTPResponseStatus, ByteBuffer).self) { group in
            group.addTask {
                let response = try await self.execute(request, timeout: TimeAmount(limit))
                return (response.status, try await response.body.collect(upTo: bytes))
            }
            group.addTask {
                try await _Concurrency.Task.sleep(for: limit)
                throw AnswerTimeout(limit: limit)
            }
            defer { group.cancelAll() }
            return try await group.next()!
        }
    }
}
