-- Who owns a partition, and until when. Apart from `partitions`, so that renewals don't collide with batches.
CREATE TABLE IF NOT EXISTS leases (
    partition  INT8        NOT NULL PRIMARY KEY,
    owner      UUID,
    epoch      INT8        NOT NULL DEFAULT 0,
    expires_at TIMESTAMPTZ NOT NULL
);
