-- The version vectors: of each gateway run the highest n applied. The fill factor is for what `partitions` says.
CREATE TABLE IF NOT EXISTS origins (
    partition       INT8        NOT NULL,
    origin          INT8        NOT NULL,
    n               INT8        NOT NULL,
    last_applied_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (partition, origin)
) WITH (fillfactor = 50);
