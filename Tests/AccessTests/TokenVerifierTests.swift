import Access
import Commands
import Crypto
import CryptoExtras
import Foundation
import Testing

@Suite("Signed tokens")
struct TokenVerifierTests {
    private static let tokens = try! TestTokens()

    private func verifier(set: Bool = true, secret: Bool = true) async throws -> TokenVerifier {
        var keys = TokenKeys()
        if set { try await keys.add(set: try Self.tokens.set()) }
        if secret { try await keys.add(secret: Self.tokens.secret + Data("\n".utf8)) }
        return TokenVerifier(keys: keys)
    }

    private func refusal(
        _ token: String, _ verifier: TokenVerifier, at now: Timestamp = TestTokens.now
    ) -> TokenVerifier.Refusal? {
        do throws(TokenVerifier.Refusal) {
            _ = try verifier.principal(of: token[...], at: now)
            return nil
        } catch {
            return error
        }
    }

    @Test(
        "Each algorithm's token makes the principal that its claims say",
        arguments: [("HS256", nil), ("RS256", "r"), ("ES256", "e"), ("EdDSA", "d"), ("RS256", nil), ("EdDSA", nil)]
            as [(String, String?)])
    func good(algorithm: String, kid: String?) async throws {
        let token = try Self.tokens.sign(algorithm, kid: kid)
        let principal = try await verifier().principal(of: token[...], at: TestTokens.now)
        #expect(
            principal
                == Principal(name: "jwt:alice", grant: Grant(verbs: [.read, .write], prefixes: ["a/", "b/"])))
    }

    @Test("A token signed HS256 with the text of a public key is refused, whichever key it names")
    func confusion() async throws {
        let publicTexts = [
            Data(Self.tokens.rsa.publicKey.pemRepresentation.utf8), Self.tokens.rsa.publicKey.derRepresentation,
            Data(Self.tokens.ecdsa.publicKey.pemRepresentation.utf8),
            Self.tokens.edwards.publicKey.rawRepresentation, try Self.tokens.set(),
        ]
        for secret in [false, true] {
            let verifier = try await verifier(secret: secret)
            for text in publicTexts {
                for kid in [nil, "r", "e", "d", "o"] {
                    let token = try Self.tokens.sign("HS256", kid: kid, secret: text)
                    #expect(refusal(token, verifier) == (secret ? .signature : .algorithm))
                }
            }
        }
        let symmetric = try Self.tokens.sign("HS256", kid: "o")
        #expect(
            refusal(symmetric, try await verifier(secret: false)) == .algorithm,
            "a shared secret in a public set is none")
    }

    @Test("An unsigned token is refused, however it is spelt", arguments: ["none", "None", "NONE", "", "nOnE"])
    func none(algorithm: String) async throws {
        let token = try Self.tokens.sign(algorithm)
        #expect(refusal(token, try await verifier()) == .algorithm)
        #expect(refusal(String(token.dropLast()), try await verifier()) == .malformed)
    }

    @Test(
        "A key takes the tokens of its own algorithm alone", arguments: ["RS256", "ES256", "EdDSA", "PS256", "RS512"])
    func otherKey(algorithm: String) async throws {
        let own = ["RS256": "r", "ES256": "e", "EdDSA": "d"][algorithm]
        for kid in ["r", "e", "d", "nobody"] where kid != own {
            #expect(refusal(try Self.tokens.sign(algorithm, kid: kid), try await verifier()) == .algorithm)
        }
    }

    @Test("Another's key, and changed claims, don't pass")
    func forged() async throws {
        let verifier = try await verifier()
        let stranger = try TestTokens()
        for (algorithm, kid) in [("RS256", "r"), ("ES256", "e"), ("EdDSA", "d")] {
            #expect(refusal(try stranger.sign(algorithm, kid: kid), verifier) == .signature)
            var parts = try Self.tokens.sign(algorithm, kid: kid).split(separator: ".").map(String.init)
            let more = TestTokens.claims.with("tidemark", ["verbs": ["admin"], "prefixes": [""]])
            parts[1] = TestTokens.base64URL(try JSONSerialization.data(withJSONObject: more))
            #expect(refusal(parts.joined(separator: "."), verifier) == .signature)
        }
    }

    @Test("A token counts from nbf, give or take half a minute, until exp")
    func times() async throws {
        let verifier = try await verifier()
        let claims = TestTokens.claims.with("nbf", TestTokens.nowSeconds)
        let token = try Self.tokens.sign("ES256", kid: "e", claims: claims)
        #expect(refusal(token, verifier, at: TestTokens.now + .seconds(-31)) == .early)
        #expect(refusal(token, verifier, at: TestTokens.now + .seconds(-30)) == nil)
        #expect(refusal(token, verifier, at: TestTokens.now + .milliseconds(59_999)) == nil)
        #expect(refusal(token, verifier, at: TestTokens.now + .seconds(60)) == .expired)
    }

    @Test(
        "Claims that are missing or of another form are refused",
        arguments: [
            #"{"exp":9e9,"tidemark":{"verbs":[],"prefixes":[]}}"#,
            #"{"sub":"a","tidemark":{"verbs":[],"prefixes":[]}}"#,
            #"{"sub":"a","exp":9e9}"#, #"{"sub":"a","exp":9e9,"tidemark":{"verbs":["read"]}}"#,
            #"{"sub":"a","exp":9e9,"tidemark":{"prefixes":[""]}}"#,
            #"{"sub":"a","exp":"9e9","tidemark":{"verbs":[],"prefixes":[]}}"#,
            #"{"sub":"","exp":9e9,"tidemark":{"verbs":[],"prefixes":[]}}"#,
            #"{"sub":"a\nb","exp":9e9,"tidemark":{"verbs":[],"prefixes":[]}}"#,
            #"{"sub":"a","exp":9e9,"tidemark":{"verbs":[],"prefixes":[],"rate":0}}"#,
        ])
    func claims(json: String) async throws {
        let claims = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
        #expect(refusal(try Self.tokens.sign("HS256", claims: claims), try await verifier()) == .claims)
    }

    @Test("Issuer and audience count where they are asked for")
    func issuerAndAudience() async throws {
        var verifier = try await verifier()
        verifier.issuer = "https://id.example"
        verifier.audience = "tidemark"
        let right = TestTokens.claims.with("iss", "https://id.example")
        func refusal(_ claims: [String: Any]) throws -> TokenVerifier.Refusal? {
            self.refusal(try Self.tokens.sign("HS256", claims: claims), verifier)
        }
        #expect(try refusal(right.with("aud", "tidemark")) == nil)
        #expect(try refusal(right.with("aud", ["other", "tidemark"])) == nil)
        #expect(try refusal(right.with("aud", ["other"])) == .audience)
        #expect(try refusal(right) == .audience)
        #expect(try refusal(TestTokens.claims.with("aud", "tidemark")) == .issuer)
        #expect(try refusal(right.with("aud", "tidemark").with("iss", "https://id.example/")) == .issuer)
    }

    @Test("Texts that are no tokens are refused, and so is a critical extension")
    func malformed() async throws {
        let verifier = try await verifier()
        let token = try Self.tokens.sign("HS256")
        for text in ["", ".", "..", "a.b.c", token + ".", token + "=", token.replacing(".", with: ""), " " + token] {
            #expect(refusal(text, verifier) != nil, "\(text)")
        }
        #expect(refusal(try Self.tokens.sign("HS256", header: ["crit": ["b64"], "b64": false]), verifier) == .critical)
    }

    @Test("Without keys every token is refused, and files without keys say so")
    func files() async throws {
        let none = TokenVerifier(keys: TokenKeys())
        #expect(refusal(try Self.tokens.sign("HS256"), none) == .algorithm)
        for file in ["", "[]", "{}", #"{"keys":[]}"#, #"{"keys":[{"kty":"oct","k":"AAAA"}]}"#] {
            await #expect(throws: TokenKeys.Invalid.self) {
                var keys = TokenKeys()
                try await keys.add(set: Data(file.utf8))
            }
        }
        await #expect(throws: TokenKeys.Invalid.self) {
            var keys = TokenKeys()
            try await keys.add(secret: Data("too short".utf8))
        }
    }
}
