import AsyncHTTPClient
import Commands
import Foundation
import NIOCore
import NIOHTTP1
import Testing

@testable import TidemarkClient

/// A change feed as a test reads it: block by block, for as long as it likes.
struct FeedClient {
    private var body: HTTPClientResponse.Body.AsyncIterator
    private var parser = EventStreamParser()
    /// The last id that came.
    private(set) var position: String

    struct Change: Hashable {
        var key: String
        var version: UInt64
        var kind: String
        var valueBytes: Int?
    }

    struct Refused: Error { var answer: String }

    /// - Parameter position: sent as `Last-Event-ID`.
    init(
        _ gateway: TestGateway, _ query: String = "", after position: String? = nil, token: String? = nil
    ) async throws {
        var request = HTTPClientRequest(url: gateway.url + "/v1/changes" + query)
        if let token { request.headers.add(name: "Authorization", value: "Bearer " + token) }
        if let position { request.headers.add(name: "Last-Event-ID", value: position) }
        let response = try await HTTPClient.shared.execute(request, deadline: .distantFuture)
        guard response.status == .ok else {
            throw Refused(answer: String(buffer: try await response.body.collect(upTo: 1 << 20)))
        }
        body = response.body.makeAsyncIterator()
        self.position = position ?? ""
        let first = try await next()
        #expect(first == nil, "a position comes first")
        #expect(!self.position.isEmpty)
    }

    enum End: Error { case ended }

    /// - Returns: `nil` for a block that is only a position.
    /// - Throws: `End` when the gateway ended the feed, or the connection's error.
    mutating func next() async throws -> Change? {
        while true {
            if let block = parser.next() {
                if let id = block.id { position = id }
                guard let data = block.data else { return nil }
                let json = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
                return Change(
                    key: try #require(json["key"] as? String), version: UInt64(try #require(json["version"] as? Int)),
                    kind: try #require(json["kind"] as? String), valueBytes: (json["value"] as? String)?.utf8.count)
            }
            guard let chunk = try await body.next() else { throw End.ended }
            parser.append(chunk.readableBytesView)
        }
    }

    /// The next `count` events.
    mutating func take(_ count: Int) async throws -> [Change] {
        var changes: [Change] = []
        while changes.count < count { if let change = try await next() { changes.append(change) } }
        return changes
    }
}
