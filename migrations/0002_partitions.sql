-- Where each partition's log stands. Its owner locks this row in every transaction. PostgreSQL keeps a new version of the
-- row in the same page while there is room, and then needs no new index entry, which would count as a conflict with every
-- other partition's transaction; CockroachDB ignores the fill factor.
CREATE TABLE IF NOT EXISTS partitions (
    partition       INT8        NOT NULL PRIMARY KEY,
    seq             INT8        NOT NULL DEFAULT 0,
    epoch           INT8        NOT NULL DEFAULT 0,    -- fences off owners of the past
    tree            BYTEA       NOT NULL DEFAULT '',   -- right edge of the Merkle tree, 32 bytes a subtree
    last_applied_at TIMESTAMPTZ NOT NULL
) WITH (fillfactor = 10);
