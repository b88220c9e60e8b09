-- The projection: the last state of each key. A deleted key keeps its row, and with it its version.
CREATE TABLE IF NOT EXISTS kv (
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
