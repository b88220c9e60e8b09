-- Commands that fail by themselves every time, with their cause.
CREATE TABLE IF NOT EXISTS dead_letters (
    partition   INT8        NOT NULL,
    command_id  UUID        NOT NULL,
    key         TEXT        NOT NULL,
    command     BYTEA       NOT NULL,    -- tidemark.v1.Command
    origin      INT8        NOT NULL,
    origin_seq  INT8        NOT NULL,
    reason      TEXT        NOT NULL,
    died_at     TIMESTAMPTZ NOT NULL,
    fingerprint BYTEA,                   -- with the sequence, what a retry of the command is answered from
    seq         INT8        NOT NULL,    -- where the partition stood
    PRIMARY KEY (partition, command_id)
);
