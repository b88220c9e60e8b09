package import Commands

/// What a gateway knows of who may ask: the access keys as they were last read, and what signed tokens are checked with.
package struct Credentials: Sendable {
    /// Why what was presented makes nobody a principal.
    package enum Refusal: Error, Equatable, Sendable {
        /// The access keys were not read for too long: neither known nor refused.
        case unknown
        case noSuchKey
        case expiredKey
        case token(TokenVerifier.Refusal)

        /// Safe to show.
        package var detail: String {
            switch self {
            case .unknown: "The gateway can't tell at the moment which access keys are valid: the database is away."
            case .noSuchKey: "This access key does not exist, or was revoked."
            case .expiredKey: "This access key has expired."
            case .token(let refusal): refusal.rawValue
            }
        }
    }

    /// How long the last reading of the keys stays in force while the database is away. A key that was revoked
    /// meanwhile can be used for so long by a gateway that can't know it.
    package static let patience = Duration.seconds(300)

    private var keys: [String: AccessKey] = [:]
    private var readAt: ContinuousClock.Instant?
    package var tokens: TokenVerifier

    package init(tokens: TokenVerifier = TokenVerifier(keys: TokenKeys())) { self.tokens = tokens }

    /// - Parameter time: when reading began.
    package mutating func replace(keys: [AccessKey], readAt time: ContinuousClock.Instant) {
        self.keys = Dictionary(keys.map { ($0.id, $0) }) { first, _ in first }
        readAt = time
    }

    package func principal(
        presenting text: Substring, at now: Timestamp, _ instant: ContinuousClock.Instant
    ) throws(Refusal) -> Principal {
        guard let token = AccessToken(text) else {
            do throws(TokenVerifier.Refusal) {
                return try tokens.principal(of: text, at: now)
            } catch {
                throw .token(error)
            }
        }
        guard let readAt, instant - readAt <= Self.patience else { throw .unknown }
        guard let key = keys[token.id], token.matches(key.secretHash), key.revokedAt == nil else { throw .noSuchKey }
        guard key.isValid(at: now) else { throw .expiredKey }
        return key.principal
    }
}
