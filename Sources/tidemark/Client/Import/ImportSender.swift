import Foundation
import TidemarkClient

/// Sends what a lane gathered until each record has been acknowledged or refused for good.
struct ImportSender: Sendable {
    struct Refusal: Sendable, Equatable {
        var line: Int
        var reason: String
    }

    let client: TidemarkClient
    let retry: RetryPolicy

    /// Ends when every record was acknowledged, or refused for good.
    ///
    /// What single operations were refused for the moment is sent again before the lane's next request, under the same names.
    ///
    /// - Throws: ``TidemarkError`` when the server can't be had, ``CommandFailure`` when it goes on refusing.
    func send(_ entries: [ImportLane.Entry], in session: Session) async throws -> [Refusal] {
        var left = entries
        var refusals: [Refusal] = []
        var failures = 0
        while !left.isEmpty {
            let results: [BatchResult]
            do {
                results = try await client.batch(left.map(\.operation), in: session)
            } catch let error as TidemarkError where Self.isAboutContents(error) {
                // Something in it is wrong, or it is too large: halves tell which.
                if left.count == 1 { return refusals + [Refusal(line: left[0].line, reason: error.detail)] }
                refusals += try await send(Array(left.prefix(left.count / 2)), in: session)
                left.removeFirst(left.count / 2)
                continue
            }
            var again: [ImportLane.Entry] = []
            var reason = ""
            for (entry, result) in zip(left, results) where !result.isSuccess {
                let detail = result.problem?.detail ?? result.problem?.title ?? "status \(result.status)"
                if result.isRetryable {
                    again.append(entry)
                    reason = detail
                } else {
                    refusals.append(Refusal(line: entry.line, reason: detail))
                }
            }
            // A server that takes some of it each time is busy, and not down.
            failures = again.count < left.count ? 1 : failures + 1
            left = again
            if left.isEmpty { break }
            guard let pause = retry.pause(afterFailures: failures, retryAfter: nil, random: .random(in: 0...1)) else {
                throw CommandFailure(
                    .failed, "The server goes on refusing: \(reason)",
                    hint: "Run the import again to continue where it stopped.")
            }
            try await Task.sleep(for: pause)
        }
        return refusals
    }

    private static func isAboutContents(_ error: TidemarkError) -> Bool {
        [400, 413, 422].contains(error.status) && !error.isSessionRefused
    }
}
