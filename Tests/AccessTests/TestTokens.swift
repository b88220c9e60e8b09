import Access
import Commands
import Crypto
import CryptoExtras
import Foundation

/// Signs tokens by hand, so that what is checked is not checked by itself.
struct TestTokens {
    static let now = Timestamp(microseconds: 1_795_519_016_000_000)
    static let nowSeconds = 1_795_519_016

    let rsa: _RSA.Signing.PrivateKey
    let ecdsa = P256.Signing.PrivateKey()
    let edwards = Curve25519.Signing.PrivateKey()
    let secret = Data((0..<32).map { UInt8($0) })

    init() throws { rsa = try _RSA.Signing.PrivateKey(keySize: .bits2048) }

    static var claims: [String: Any] {
        [
            "sub": "alice", "exp": nowSeconds + 60,
            "tidemark": ["verbs": ["read", "write"], "prefixes": ["a/", "b/"]],
        ]
    }

    /// A JWK set of the public keys.
    func set() throws -> Data {
        let primitives = try rsa.publicKey.getKeyPrimitives()
        let point = ecdsa.publicKey.rawRepresentation
        let keys: [[String: Any]] = [
            [
                "kty": "RSA", "kid": "r", "use": "sig", "alg": "RS256", "n": Self.base64URL(primitives.modulus),
                "e": Self.base64URL(primitives.publicExponent),
            ],
            [
                "kty": "EC", "kid": "e", "crv": "P-256", "x": Self.base64URL(point.prefix(32)),
                "y": Self.base64URL(point.suffix(32)),
            ],
            ["kty": "OKP", "kid": "d", "crv": "Ed25519", "x": Self.base64URL(edwards.publicKey.rawRepresentation)],
            ["kty": "oct", "kid": "o", "k": Self.base64URL(secret)],
            ["kty": "future", "kid": "f"],
        ]
        return try JSONSerialization.data(withJSONObject: ["keys": keys])
    }

    func sign(
        _ algorithm: String, kid: String? = nil, claims: [String: Any] = Self.claims, header extra: [String: Any] = [:],
        secret: Data? = nil
    ) throws -> String {
        var header: [String: Any] = ["alg": algorithm, "typ": "JWT"]
        header["kid"] = kid
        header.merge(extra) { $1 }
        let text = [header, claims].map {
            Self.base64URL(try! JSONSerialization.data(withJSONObject: $0, options: [.sortedKeys]))
        }.joined(separator: ".")
        let bytes = Data(text.utf8)
        let signature: Data =
            switch algorithm {
            case "HS256":
                Data(HMAC<SHA256>.authenticationCode(for: bytes, using: SymmetricKey(data: secret ?? self.secret)))
            case "RS256":
                try rsa.signature(for: SHA256.hash(data: bytes), padding: .insecurePKCS1v1_5).rawRepresentation
            case "ES256": try ecdsa.signature(for: bytes).rawRepresentation
            case "EdDSA": try edwards.signature(for: bytes)
            default: Data()
            }
        return text + "." + Self.base64URL(signature)
    }

    static func base64URL(_ bytes: some Sequence<UInt8>) -> String {
        Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }
}

extension [String: Any] {
    func with(_ name: String, _ value: Any?) -> Self {
        var copy = self
        copy[name] = value
        return copy
    }
}
