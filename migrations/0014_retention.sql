-- The oldest event that `events` still holds, of partitions whose older ones were moved out. A partition without a row has
-- all of them. Whoever moves events out raises it in the same transaction.
CREATE TABLE IF NOT EXISTS retention (
    partition     INT8 NOT NULL PRIMARY KEY,
    retained_from INT8 NOT NULL DEFAULT 1
);
