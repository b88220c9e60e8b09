/// What a token says. `tidemark` is ours: `{"verbs": ["read"], "prefixes": ["a/"], "rate": 100}`.
struct TokenClaims: Decodable {
    struct Grant: Decodable {
        var verbs: [String]
        var prefixes: [String]
        var rate: Int?
    }

    var sub: String
    /// Seconds since 1970, maybe with a fraction.
    var exp: Double
    var nbf: Double?
    var iss: String?
    var audiences: [String]
    var tidemark: Grant

    private enum Name: String, CodingKey { case sub, exp, nbf, iss, aud, tidemark }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Name.self)
        sub = try container.decode(String.self, forKey: .sub)
        exp = try container.decode(Double.self, forKey: .exp)
        nbf = try container.decodeIfPresent(Double.self, forKey: .nbf)
        iss = try container.decodeIfPresent(String.self, forKey: .iss)
        tidemark = try container.decode(Grant.self, forKey: .tidemark)
        // One, or a list of them (RFC 7519 §4.1.3).
        audiences =
            if let one = try? container.decode(String.self, forKey: .aud) { [one] } else {
                try container.decodeIfPresent([String].self, forKey: .aud) ?? []
            }
    }
}
