import Access
import Commands
import Foundation
import HTTPTypes
import NIOCore
import Synchronization

@testable import Gateway

/// Calls a responder with access control, as one principal or another.
struct GuardedCaller {
    let call: Caller
    let gatekeeper: Gatekeeper
    let clock = MovedClock()

    /// One access key a grant; the token is found under the grant's name.
    private(set) var tokens: [String: AccessToken] = [:]

    init(_ grants: KeyValuePairs<String, Grant>, rates: [String: Int] = [:], rate: Int? = nil) {
        var keys: [AccessKey] = []
        for (name, grant) in grants {
            let token = AccessToken.random()
            tokens[name] = token
            keys.append(
                AccessKey(
                    id: token.id, name: name, secretHash: token.hash, grant: grant, rate: rates[name],
                    createdAt: Timestamp(microseconds: 0)))
        }
        gatekeeper = Gatekeeper(rate: rate) { [clock] in clock.now }
        gatekeeper.update { [clock] in $0.replace(keys: keys, readAt: clock.now) }
        call = Caller(gatekeeper: gatekeeper)
    }

    func callAsFunction(
        _ name: String, _ method: HTTPRequest.Method, _ target: String, _ headers: [(String, String)] = [],
        body: String? = nil
    ) async throws -> Caller.Answer {
        let token = tokens[name].map { [("Authorization", "Bearer " + $0.text)] } ?? []
        return try await call.send(method, target, headers: token + headers, body: body.map { ByteBuffer(string: $0) })
    }
}

/// A clock that the test moves.
final class MovedClock: Sendable {
    private let time = Mutex(ContinuousClock.now)

    var now: ContinuousClock.Instant { time.withLock { $0 } }

    func advance(by duration: Duration) { time.withLock { $0 += duration } }
}
