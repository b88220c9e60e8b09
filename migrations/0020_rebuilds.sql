-- How far the generation beside the one that is served has come; no rows when there is none.
CREATE TABLE IF NOT EXISTS rebuilds (
    partition    INT8        NOT NULL PRIMARY KEY,
    stage        TEXT        NOT NULL,              -- building, swapped, rolled-back
    seq          INT8        NOT NULL,              -- folded up to here; while mirrored the partition's own counts
    owner        UUID        NOT NULL,              -- the run of `tidemark rebuild` that works on it
    expires_at   TIMESTAMPTZ NOT NULL,
    verified_seq INT8,                              -- where both generations were last compared
    rows         INT8,
    digest       BYTEA,                             -- of the new generation there
    started_at   TIMESTAMPTZ NOT NULL
);
