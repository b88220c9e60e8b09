-- Projectors that are alive: the partitions are shared out among them.
CREATE TABLE IF NOT EXISTS workers (
    worker     UUID        NOT NULL PRIMARY KEY,
    name       TEXT        NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL
);
