package import AsyncHTTPClient
import NIOCore
import NIOHTTP1

/// Asks instances for their metrics.
package struct Scraper: Sendable {
    private let http: HTTPClient
    private let bearerToken: String?
    private let timeout: TimeAmount

    private static let maximumBytes = 16 << 20

    package struct Refused: Error, CustomStringConvertible {
        package let status: UInt
        package var description: String { "GET /metrics was answered with \(status)." }
    }

    /// - Parameter bearerToken: an access key with the verb `audit`, where gateways want one.
    package init(http: HTTPClient, bearerToken: String? = nil, timeout: Duration = .seconds(2)) {
        self.http = http
        self.bearerToken = bearerToken
        self.timeout = TimeAmount(timeout)
    }

    /// All of them side by side. Whoever does not answer in time, or not with metrics, has `nil`.
    package func scrape(_ instances: [Instance]) async -> [Signals.Member] {
        await withTaskGroup(of: (Int, Exposition?).self) { group in
            for (index, instance) in instances.enumerated() {
                guard let url = instance.url, instance.state != .starting else { continue }
                group.addTask { (index, try? await scrape(url)) }
            }
            var members = instances.map { Signals.Member($0, nil) }
            for await (index, exposition) in group { members[index].exposition = exposition }
            return members
        }
    }

    package func scrape(_ url: String) async throws -> Exposition {
        var request = HTTPClientRequest(url: url + "/metrics")
        if let bearerToken { request.headers.add(name: "Authorization", value: "Bearer \(bearerToken)") }
        let response = try await http.execute(request, timeout: timeout)
        guard response.status == .ok else { throw Refused(status: response.status.code) }
        return try Exposition(parsing: try await response.body.collect(upTo: Self.maximumBytes).readableBytesView)
    }
}
