import Access
import Commands

/// An access key as the commands print it.
struct KeyReport: Encodable {
    var id: String
    var name: String
    var verbs: [String]
    var prefixes: [String]
    var rate: Int?
    var createdAt: String
    var expiresAt: String?
    var revokedAt: String?
    /// Only when it is made.
    var token: String?

    private enum CodingKeys: String, CodingKey {
        case id, name, verbs, prefixes, rate, token
        case createdAt = "created_at"
        case expiresAt = "expires_at"
        case revokedAt = "revoked_at"
    }

    init(_ key: AccessKey, token: AccessToken? = nil) {
        id = key.id
        name = key.name
        verbs = key.grant.verbs.map(\.rawValue).sorted()
        prefixes = key.grant.prefixes
        rate = key.rate
        createdAt = key.createdAt.rfc3339
        expiresAt = key.expiresAt?.rfc3339
        revokedAt = key.revokedAt?.rfc3339
        self.token = token?.text
    }

    /// One line, tabs between; prefixes in quotes, since the empty one is one.
    var line: String {
        let reach = prefixes.isEmpty ? "no keys" : prefixes.map { "\"\($0)\"" }.joined(separator: " ")
        let end =
            if let revokedAt { "revoked \(revokedAt)" } else if let expiresAt { "expires \(expiresAt)" } else {
                "does not expire"
            }
        return [id, name, verbs.joined(separator: ","), reach, rate.map { "\($0)/s" } ?? "no rate", end]
            .joined(separator: "\t")
    }
}
