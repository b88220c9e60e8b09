package import Commands
package import Foundation
import JWTKit

/// Makes a principal of a signed token (RFC 7519), or says why not. Pure: keys, token and time in, principal out.
package struct TokenVerifier: Sendable {
    /// Why a token is refused; safe to show to whoever sent it.
    package enum Refusal: String, Error, Sendable {
        case malformed = "The token is not a signed JWT."
        case algorithm = "The token's algorithm and key are none that this gateway takes."
        case critical = "The token's header asks for an extension (crit) that this gateway does not have."
        case signature = "The token's signature is wrong."
        case claims = "The token's claims can't be read; they are sub, exp, and tidemark with verbs and prefixes."
        case expired = "The token has expired."
        case early = "The token is not valid yet."
        case issuer = "The token is of another issuer."
        case audience = "The token is for another audience."
    }

    /// What other clocks may be off by, for `nbf`.
    package static let leeway = Duration.seconds(30)

    package var keys: TokenKeys
    /// What `iss` must be, if set.
    package var issuer: String?
    /// What `aud` must be or contain, if set.
    package var audience: String?

    package init(keys: TokenKeys, issuer: String? = nil, audience: String? = nil) {
        self.keys = keys
        self.issuer = issuer
        self.audience = audience
    }

    package func principal(of token: Substring, at now: Timestamp) throws(Refusal) -> Principal {
        let parts = token.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 3, let header = Self.decode(parts[0], as: TokenHeader.self),
            let payload = Self.bytes(parts[1]), let signature = Self.bytes(parts[2])
        else { throw .malformed }
        guard header.crit == nil else { throw .critical }
        let candidates = keys.candidates(algorithm: header.alg, id: header.kid)
        guard !candidates.isEmpty else { throw .algorithm }
        let signed = Data(parts[0]) + Data(".".utf8) + Data(parts[1])
        guard candidates.contains(where: { (try? $0.algorithm.verify(signature, signs: signed)) == true }) else {
            throw .signature
        }
        guard let claims = try? JSONDecoder().decode(TokenClaims.self, from: payload) else { throw .claims }
        return try principal(of: claims, at: now)
    }

    private func principal(of claims: TokenClaims, at now: Timestamp) throws(Refusal) -> Principal {
        let seconds = Double(now.microseconds) / 1_000_000
        guard seconds < claims.exp else { throw .expired }
        if let start = claims.nbf, seconds + Self.leeway / .seconds(1) < start { throw .early }
        if let issuer, claims.iss != issuer { throw .issuer }
        if let audience, !claims.audiences.contains(audience) { throw .audience }
        guard (1...255).contains(claims.sub.utf8.count), claims.sub.unicodeScalars.allSatisfy({ $0.value >= 0x20 }),
            claims.tidemark.prefixes.count <= AccessKey.maximumPrefixes,
            claims.tidemark.rate.map(AccessKey.rates.contains) ?? true
        else { throw .claims }
        return Principal(
            name: "jwt:" + claims.sub,
            // A verb that this version doesn't know grants nothing.
            grant: Grant(
                verbs: Set(claims.tidemark.verbs.compactMap(Verb.init)), prefixes: claims.tidemark.prefixes),
            rate: claims.tidemark.rate)
    }

    private static func decode<Value: Decodable>(_ part: Substring.UTF8View, as: Value.Type) -> Value? {
        bytes(part).flatMap { try? JSONDecoder().decode(Value.self, from: $0) }
    }

    /// base64url without padding, and nothing else (RFC 7515 §2).
    private static func bytes(_ part: Substring.UTF8View) -> Data? {
        var text = ""
        for byte in part {
            switch byte {
            case UInt8(ascii: "-"): text.append("+")
            case UInt8(ascii: "_"): text.append("/")
            case UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "="): return nil
            default: text.unicodeScalars.append(Unicode.Scalar(byte))
            }
        }
        return Data(base64Encoded: text + String(repeating: "=", count: (4 - text.utf8.count % 4) % 4))
    }
}

private struct TokenHeader: Decodable {
    var alg: String
    var kid: String?
    var crit: [String]?
}
