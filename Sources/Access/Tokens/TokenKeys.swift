package import Foundation
import JWTKit

/// The keys that signed tokens (JWT) are checked with. Each is bound to one algorithm when it is read, and a token that
/// says another one doesn't get to it: nobody can have a token checked by an RSA key's public text as if that were a shared
/// secret.
package struct TokenKeys: Sendable {
    /// What is wrong with a key file; names no secret.
    package struct Invalid: Error, Equatable, CustomStringConvertible {
        package var description: String

        package init(description: String) { self.description = description }
    }

    struct Key: Sendable {
        /// `kid`.
        var id: String?
        var algorithm: any JWTAlgorithm
    }

    private(set) var keys: [Key] = []

    package init() {}

    package var isEmpty: Bool { keys.isEmpty }

    /// Those that a token may be signed with which says so in its header. `none` is no key's algorithm.
    func candidates(algorithm: String, id: String?) -> [Key] {
        keys.filter { $0.algorithm.name == algorithm && ($0.id == nil || id == nil || $0.id == id) }
    }

    /// A shared secret, for HS256.
    ///
    /// - Throws: `Invalid` when it is shorter than the hash (RFC 7518 §3.2).
    package mutating func add(secret file: Data) async throws {
        let secret = Data(file.reversed().drop { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }.reversed())
        guard secret.count >= 32 else {
            throw Invalid(description: "the secret for HS256 has \(secret.count) bytes; it takes at least 32")
        }
        let collection = await JWTKeyCollection().add(hmac: HMACKey(from: secret), digestAlgorithm: .sha256)
        keys.append(Key(id: nil, algorithm: try await collection.getKey()))
    }

    /// A JWK set (RFC 7517): keys for RS256, ES256 and EdDSA. Others in it are left out, as the RFC wants; so are private
    /// parts.
    ///
    /// - Throws: `Invalid` when it is no set, or has no key of use.
    package mutating func add(set file: Data) async throws {
        guard let set = try? JSONSerialization.jsonObject(with: file) as? [String: Any],
            let members = set["keys"] as? [[String: Any]]
        else { throw Invalid(description: #"not a JWK set: a JSON object with a list "keys""#) }
        var found: [Key] = []
        for member in members {
            if let key = try? await Self.key(member) { found.append(key) }
        }
        guard !found.isEmpty else {
            throw Invalid(description: "the JWK set has no key for RS256, ES256 or EdDSA (Ed25519)")
        }
        keys += found
    }

    private static let publicMembers: Set = ["kty", "kid", "n", "e", "crv", "x", "y"]

    private static func key(_ member: [String: Any]) async throws -> Key? {
        let use = member["use"] as? String
        guard use == nil || use == "sig" else { return nil }
        let algorithm: JWK.Algorithm
        switch (member["kty"] as? String, member["crv"] as? String) {
        case ("RSA", _): algorithm = .rs256
        case ("EC", "P-256"): algorithm = .es256
        case ("OKP", "Ed25519"): algorithm = .eddsa
        default: return nil
        }
        guard (member["alg"] as? String).map({ $0 == algorithm.rawValue }) ?? true else { return nil }
        let json = try JSONSerialization.data(withJSONObject: member.filter { publicMembers.contains($0.key) })
        var jwk = try JWK(json: String(decoding: json, as: UTF8.self))
        let id = jwk.keyIdentifier?.string
        jwk.algorithm = algorithm
        jwk.keyIdentifier = JWKIdentifier(string: id ?? "")
        let collection = try await JWTKeyCollection().add(jwk: jwk)
        return Key(id: id, algorithm: try await collection.getKey())
    }
}
