-- The archive's files. They hold a partition's events from the beginning on, without gaps, with their values; the rows of
-- `events` stay, and lose the values that are not their key's present ones.
CREATE TABLE IF NOT EXISTS archives (
    partition  INT8        NOT NULL,
    from_seq   INT8        NOT NULL,
    to_seq     INT8        NOT NULL,
    file       TEXT        NOT NULL,    -- its name in the archive's directory
    checksum   BYTEA       NOT NULL,    -- SHA-256 of the file
    tree       BYTEA       NOT NULL,    -- right edge of the Merkle tree after to_seq
    written_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (partition, from_seq)
);
