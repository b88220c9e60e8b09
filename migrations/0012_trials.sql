-- What is applied alone because projectors may have died of it, counted before each attempt.
CREATE TABLE IF NOT EXISTS trials (
    partition  INT8        NOT NULL,
    origin     INT8        NOT NULL,
    origin_seq INT8        NOT NULL,    -- of the first command
    commands   INT8        NOT NULL,
    tries      INT8        NOT NULL,
    tried_at   TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (partition, origin, origin_seq, commands)
);
