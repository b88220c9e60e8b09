package import Access
package import Commands
import HTTPTypes
import Synchronization

/// Who asks, and how often they may: holds the credentials and the rate limits of this gateway.
package final class Gatekeeper: Sendable {
    /// Two keys of one name may have two rates.
    private struct Account: Hashable {
        var principal: String
        var rate: Int
    }

    private struct Limits {
        /// Beyond so many, those that are full are forgotten.
        static let keptBuckets = 10_000

        var buckets: [Account: TokenBucket] = [:]

        mutating func bucket(_ account: Account, at now: ContinuousClock.Instant) -> TokenBucket {
            if let bucket = buckets[account] { return bucket }
            if buckets.count >= Self.keptBuckets {
                buckets = buckets.filter { !$1.isFull(at: now) }
            }
            return TokenBucket(rate: account.rate, at: now)
        }
    }

    private let credentials: Mutex<Credentials>
    private let limits = Mutex(Limits())
    private let rate: Int?
    private let clock: any WallClock
    private let now: @Sendable () -> ContinuousClock.Instant

    /// - Parameters:
    ///   - rate: requests a second for principals that have no rate of their own; `nil`: as many as they like.
    ///   - now: for rates, and for how old the credentials are.
    package init(
        _ credentials: Credentials = Credentials(), rate: Int? = nil, clock: any WallClock = SystemWallClock(),
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        self.credentials = Mutex(credentials)
        self.rate = rate
        self.clock = clock
        self.now = now
    }

    package func update(_ change: (inout Credentials) -> Void) { credentials.withLock { change(&$0) } }

    /// The principal that the request's `Authorization` names, and one request of its rate.
    func admit(_ headers: HTTPFields) throws(Problem) -> Principal {
        let principal = try principal(headers)
        if let wait = take(principal) { throw .rateLimited(wait) }
        return principal
    }

    /// Whether who was let in as this principal still would be. Costs nothing of the rate.
    func stillAdmits(_ headers: HTTPFields, as principal: Principal) -> Bool {
        (try? self.principal(headers)) == principal
    }

    private func principal(_ headers: HTTPFields) throws(Problem) -> Principal {
        let token = try Self.bearerToken(headers)
        let known = credentials.withLock { $0 }
        do throws(Credentials.Refusal) {
            return try known.principal(presenting: token, at: clock.now(), now())
        } catch {
            throw error == .unknown
                ? Problem(.accessUnavailable, error.detail)
                : .unauthenticated(error.detail, "Bearer error=\"invalid_token\"")
        }
    }

    /// What a request cost beyond the one that it was let in for.
    func charge(_ principal: Principal, _ cost: Int) {
        guard cost > 0 else { return }
        _ = withBucket(of: principal) { $0.charge(cost, at: $1) }
    }

    private func take(_ principal: Principal) -> Duration? {
        withBucket(of: principal) { $0.take(at: $1) } ?? nil
    }

    /// - Returns: `nil` for a principal without a rate.
    private func withBucket<Value: Sendable>(
        of principal: Principal, _ body: (inout TokenBucket, ContinuousClock.Instant) -> Value
    ) -> Value? {
        guard let rate = principal.rate ?? rate else { return nil }
        let account = Account(principal: principal.name, rate: rate)
        let now = now()
        return limits.withLock { limits in
            var bucket = limits.bucket(account, at: now)
            defer { limits.buckets[account] = bucket }
            return body(&bucket, now)
        }
    }

    private static func bearerToken(_ headers: HTTPFields) throws(Problem) -> Substring {
        let values = headers[values: .authorization]
        guard let value = values.first else {
            throw .unauthenticated("Send Authorization: Bearer and an access key or a signed token.", "Bearer")
        }
        let parts = value.split(separator: " ", maxSplits: 1)
        guard values.count == 1, parts.count == 2, parts[0].lowercased() == "bearer" else {
            throw .unauthenticated(
                "Authorization: one field, with Bearer and the token.", "Bearer error=\"invalid_request\"")
        }
        return parts[1].drop { $0 == " " }
    }
}

extension Problem {
    fileprivate static func unauthenticated(_ detail: String, _ challenge: String) -> Problem {
        var problem = Problem(.unauthenticated, detail)
        problem.fields = [HTTPField(name: .wwwAuthenticate, value: challenge)]
        return problem
    }

    fileprivate static func rateLimited(_ wait: Duration) -> Problem {
        var problem = Problem(.rateLimited, "This principal has used up its requests for now.")
        let seconds = max(1, Int((wait / .seconds(1)).rounded(.up)))
        problem.fields = [HTTPField(name: .retryAfter, value: String(seconds))]
        return problem
    }

    static func forbidden(_ detail: String) -> Problem {
        var problem = Problem(.forbidden, detail)
        problem.fields = [HTTPField(name: .wwwAuthenticate, value: "Bearer error=\"insufficient_scope\"")]
        return problem
    }

    /// Says nothing of whether there is such a key.
    static func outside(_ verb: Verb) -> Problem {
        .forbidden("The \(verb.rawValue) of this key is outside what this principal may.")
    }
}
