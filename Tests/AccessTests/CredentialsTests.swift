import Access
import Commands
import Testing

@Suite("What a gateway knows of who may ask")
struct CredentialsTests {
    private let token = AccessToken.random()
    private let now = Timestamp(microseconds: 1_000_000)
    private let start = ContinuousClock.now

    private func key(_ change: (inout AccessKey) -> Void = { _ in }) -> AccessKey {
        var key = AccessKey(
            id: token.id, name: "shop", secretHash: token.hash, grant: Grant(verbs: [.read], prefixes: ["a/"]),
            createdAt: Timestamp(microseconds: 0))
        change(&key)
        return key
    }

    private func refusal(
        _ credentials: Credentials, _ token: AccessToken? = nil, at now: Timestamp? = nil, after: Duration = .zero
    ) -> Credentials.Refusal? {
        do throws(Credentials.Refusal) {
            _ = try credentials.principal(
                presenting: (token ?? self.token).text[...], at: now ?? self.now, start + after)
            return nil
        } catch {
            return error
        }
    }

    @Test("A key that was read makes its principal; another, or another secret, makes none")
    func known() throws {
        var credentials = Credentials()
        #expect(refusal(credentials) == .unknown, "nothing was read yet")
        credentials.replace(keys: [key()], readAt: start)
        let principal = try credentials.principal(presenting: token.text[...], at: now, start)
        #expect(principal == Principal(name: "key:shop", grant: Grant(verbs: [.read], prefixes: ["a/"])))
        #expect(refusal(credentials, .random()) == .noSuchKey)
        let forged = try #require(AccessToken("tmk_\(token.id)_\(AccessToken.random().text.suffix(43))"))
        #expect(refusal(credentials, forged) == .noSuchKey)
        credentials.replace(keys: [], readAt: start)
        #expect(refusal(credentials) == .noSuchKey)
    }

    @Test("An expired key is told so, but only with its secret")
    func expired() throws {
        var credentials = Credentials()
        credentials.replace(keys: [key { $0.expiresAt = Timestamp(microseconds: 2_000_000) }], readAt: start)
        #expect(refusal(credentials) == nil)
        #expect(refusal(credentials, at: Timestamp(microseconds: 2_000_000)) == .expiredKey)
        let forged = try #require(AccessToken("tmk_\(token.id)_\(AccessToken.random().text.suffix(43))"))
        #expect(refusal(credentials, forged, at: Timestamp(microseconds: 2_000_000)) == .noSuchKey)
    }

    @Test("While the database is away the keys stay in force for five minutes, and then nobody's do")
    func patience() {
        var credentials = Credentials()
        credentials.replace(keys: [key()], readAt: start)
        #expect(refusal(credentials, after: .seconds(300)) == nil)
        #expect(refusal(credentials, after: .seconds(301)) == .unknown)
        #expect(refusal(credentials, .random(), after: .seconds(301)) == .unknown)
    }
}
