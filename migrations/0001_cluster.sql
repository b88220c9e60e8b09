-- What was fixed when the cluster was created; one row.
CREATE TABLE IF NOT EXISTS cluster (
    id         INT8        NOT NULL PRIMARY KEY CHECK (id = 1),
    cluster_id UUID        NOT NULL,
    partitions INT8        NOT NULL CHECK (partitions BETWEEN 1 AND 1024),
    secret     BYTEA       NOT NULL,              -- keys the tags of command ids and session tokens
    generation INT8        NOT NULL DEFAULT 1,    -- of the projection; part of the cache's keys
    created_at TIMESTAMPTZ NOT NULL
);
