-- The projection's even generations; kv has the odd ones.
CREATE TABLE IF NOT EXISTS kv_even (
    key             TEXT        NOT NULL PRIMARY KEY,
    partition       INT8        NOT NULL,
    version         INT8        NOT NULL,
    created_version INT8        NOT NULL,
    value           BYTEA       NOT NULL,
    content_type    TEXT        NOT NULL,
    expires_at      TIMESTAMPTZ,
    deleted         BOOL        NOT NULL,
    modified_at     TIMESTAMPTZ NOT NULL
);
