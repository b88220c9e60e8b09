-- Access keys, without their secrets.
CREATE TABLE IF NOT EXISTS access_keys (
    id          TEXT        PRIMARY KEY,
    name        TEXT        NOT NULL,
    secret_hash BYTEA       NOT NULL,    -- SHA-256
    verbs       TEXT[]      NOT NULL,
    prefixes    TEXT[]      NOT NULL,
    rate        INT8,                    -- requests a second
    created_at  TIMESTAMPTZ NOT NULL,
    expires_at  TIMESTAMPTZ,
    revoked_at  TIMESTAMPTZ
);
