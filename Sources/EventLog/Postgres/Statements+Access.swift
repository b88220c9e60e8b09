extension Statements {
    private static let accessKeyColumns =
        "id, name, secret_hash, verbs, prefixes, rate, created_at, expires_at, revoked_at"

    static let createAccessKey = Statement(
        "create_access_key", [.text, .text, .bytes, .texts, .texts, .int8, .timestamp, .timestamp],
        """
        INSERT INTO access_keys (id, name, secret_hash, verbs, prefixes, rate, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        """)

    static let unrevokedAccessKeys = Statement(
        "unrevoked_access_keys",
        """
        SELECT \(accessKeyColumns) FROM access_keys WHERE revoked_at IS NULL
        """)

    static let allAccessKeys = Statement(
        "all_access_keys",
        """
        SELECT \(accessKeyColumns) FROM access_keys ORDER BY created_at, id
        """)

    static let revokeAccessKey = Statement(
        "revoke_access_key", [.text, .timestamp],
        """
        UPDATE access_keys SET revoked_at = coalesce(revoked_at, $2) WHERE id = $1 RETURNING \(accessKeyColumns)
        """)
}
