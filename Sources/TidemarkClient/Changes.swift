import AsyncHTTPClient
import Foundation
import NIOCore
import Synchronization

/// Everything that happens, event by event, in order for each key. It goes on for ever: when the connection is lost or the gateway
/// ends, it goes on where it was, at the next one, with nothing missed or repeated.
///
/// One task iterates it, once. It ends by cancellation, or with a ``TidemarkError``: `position-removed` when retention has removed
/// what comes next, `position-invalid` when the position is not this cluster's.
public final class Changes: AsyncSequence, Sendable {
    /// A position-less feed begins with what is committed next.
    public enum Start: Sendable {
        case now
        case beginning
        case after(String)
    }

    private let client: TidemarkClient
    private let target: String
    private let last: Mutex<String?>

    init(_ client: TidemarkClient, prefix: String, start: Start, values: Bool) {
        self.client = client
        var target = "/v1/changes?prefix=\(PercentEncoding.query(prefix))"
        if values { target += "&values=true" }
        self.target = target
        let position: String? =
            switch start {
            case .now: nil
            case .beginning: "beginning"
            case .after(let position): position
            }
        last = Mutex(position)
    }

    /// Behind the last element, and behind what the prefix left out since: keep it to go on from here another time. `nil` until the
    /// first connection, when the feed began without one.
    public var position: String? { last.withLock(\.self) }

    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(feed: self) }

    public struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let feed: Changes
        private var body: HTTPClientResponse.Body.AsyncIterator?
        private var url = ""
        private var parser = EventStreamParser()
        private var failures = 0

        fileprivate init(feed: Changes) { self.feed = feed }

        public mutating func next() async throws -> Change? {
            while true {
                do {
                    if let change = try await step() { return change }
                } catch is CancellationError {
                    throw CancellationError()
                } catch let error as TidemarkError {
                    if Task.isCancelled { throw CancellationError() }
                    body = nil
                    failures += 1
                    let pause = feed.client.configuration.retry.pause(
                        afterFailures: failures, retryAfter: error.retryAfter, random: .random(in: 0...1))
                    guard error.isRetryable, let pause else { throw error }
                    try await Task.sleep(for: pause)
                }
            }
        }

        /// - Returns: `nil` when there is more to do first.
        private mutating func step() async throws -> Change? {
            if body == nil {
                let (response, url) = try await feed.client.open(feed.target, after: feed.position)
                body = response.body.makeAsyncIterator()
                self.url = url
                parser = EventStreamParser()
            }
            while let block = parser.next() {
                failures = 0
                if let id = block.id { feed.last.withLock { $0 = id } }
                guard let data = block.data else { continue }
                guard let id = block.id, var change = try? JSONDecoder().decode(Change.self, from: data) else {
                    throw TidemarkError.badAnswer(url, "the events it should have")
                }
                change.position = id
                return change
            }
            guard parser.pendingBytes <= feed.client.configuration.maximumAnswerBytes else {
                throw TidemarkError.badAnswer(url, "an end to its events")
            }
            do {
                if let chunk = try await body?.next() {
                    parser.append(chunk.readableBytesView)
                    return nil
                }
            } catch {
                if Task.isCancelled { throw CancellationError() }
                throw TidemarkError.noAnswer(url, cause: error)
            }
            // The gateway ended the feed.
            throw TidemarkError.noAnswer(url, cause: Ended())
        }

        private struct Ended: Error {}
    }
}
