package import AsyncHTTPClient
import NIOCore
import NIOHTTP1

/// Asks instances for their metrics.
package struct Scraper: Sendable {
    private let http: HTTPClient
    private let bearerToken: @Sendable () async throws -> String?
    private let timeout: Duration

    private static let maximumBytes = 16 << 20

    package struct Refused: Error, CustomStringConvertible {
        package let status: UInt
        package var description: String { "GET /metrics was answered with \(status)." }
    }

    /// - Parameters:
    ///   - bearerToken: an access key with the verb `audit`, where gateways want one. Asked for each time, because keys are
    ///     replaced. Projectors, which want none, don't get it.
    ///   - timeout: for all of an answer.
    package init(
        http: HTTPClient, timeout: Duration = .seconds(2),
        bearerToken: @escaping @Sendable () async throws -> String? = { nil }
    ) {
        self.http = http
        self.bearerToken = bearerToken
        self.timeout = timeout
    }

    /// All of them side by side. Whoever does not answer in time, or not with metrics, has a `failure`.
    package func scrape(_ instances: [Instance]) async -> [Signals.Member] {
        await withTaskGroup(of: (Int, Result<Exposition, any Error>).self) { group in
            for (index, instance) in instances.enumerated() {
                guard instance.url != nil, instance.state != .starting else { continue }
                group.addTask { (index, await answer(of: instance)) }
            }
            var members = instances.map { Signals.Member($0, nil) }
            for await (index, answer) in group {
                switch answer {
                case .success(let exposition): members[index].exposition = exposition
                case .failure(let error): members[index].failure = "\(error)"
                }
            }
            return members
        }
    }

    /// A function, not the task's closure: there, a second `return` of a tuple with the index made Swift 6.3.1's optimiser return
    /// another index, and a release build trapped.
    private func answer(of instance: Instance) async -> Result<Exposition, any Error> {
        do { return .success(try await scrape(instance)) } catch { return .failure(error) }
    }

    private func scrape(_ instance: Instance) async throws -> Exposition {
        var request = HTTPClientRequest(url: (instance.url ?? "") + "/metrics")
        if instance.role == .gateway, let bearerToken = try await bearerToken() {
            request.headers.add(name: "Authorization", value: "Bearer \(bearerToken)")
        }
        let (status, body) = try await http.answer(to: request, upTo: Self.maximumBytes, within: timeout)
        guard status == .ok else { throw Refused(status: status.code) }
        return try Exposition(parsing: body.readableBytesView)
    }
}
